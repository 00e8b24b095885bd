"""Programs that run text as code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, line_rule, operands, rule
from hermes_core.security.words import Word
from hermes_core.security.wrappers import SHELLS

_INLINE_LETTERS = {
    "python": "c", "pypy": "c", "perl": "eE", "ruby": "e", "node": "ep", "nodejs": "ep", "bun": "e",
    "lua": "e", "luajit": "e", "php": "rRBE", "rscript": "e", "osascript": "e", "pwsh": "cCe",
    "powershell": "cCe", "julia": "eE", "groovy": "e", "elixir": "e",
}  # fmt: skip
_INLINE_LONG = frozenset(
    {"--eval", "--print", "--command", "-command", "-encodedcommand", "-enc", "--run"}
)
_STOPS = {"python": "mWX", "pypy": "mWX", "perl": "IMm", "ruby": "IrC", "node": "r", "lua": "l"}
_DOWNLOADERS = frozenset({"curl", "wget", "fetch", "aria2c", "http", "https", "xh", "lynx"})
_PASS_THROUGH = re.compile(r"\b(?:system|popen|exec)\s*\(|\|\s*getline|\|\s*\"")


def interpreter(command: Command) -> str:
    """Return the kind of interpreter, e.g. `python` for `python3.11`, or an empty string."""
    name = re.sub(r"(?<=[a-z])-?[0-9][0-9.]*$", "", command.name)
    return name if name in _INLINE_LETTERS or name in SHELLS else ""


def _has_inline_code(kind: str, args: tuple[Word, ...]) -> bool:
    letters, stops = _INLINE_LETTERS[kind], _STOPS.get(kind, "")
    for word in args:
        text = word.text
        if text.lower().split("=", 1)[0] in _INLINE_LONG:
            return True
        if not text.startswith("-") or text in ("-", "--"):
            return False
        if text.startswith("--"):
            continue
        for letter in text[1:]:
            if letter in letters:
                return True
            if letter in stops:
                break
        if kind in ("python", "pypy") and text.endswith("m"):
            return False
    return False


@rule
def inline_code(command: Command, scene: Scene) -> Iterator[Finding]:
    """`sh -c`, `python -c`, `perl -e` and their like."""
    kind = interpreter(command)
    if kind in SHELLS:
        flags = [t for t in command.texts if t.startswith("-")]
        if any(
            re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*|--command(=.*)?|--init-command.*", f) for f in flags
        ):
            key = "shell command via -c/-lc flag"
            yield Finding(key, "runs shell text given as an argument", command.fragment)
    elif (kind and _has_inline_code(kind, command.args)) or (
        command.name == "deno" and command.texts[:1] == ("eval",)
    ):
        key = "script execution via -e/-c flag"
        yield Finding(key, "runs a program given as an argument", command.fragment)
    elif command.name in ("awk", "gawk", "mawk", "nawk") and any(
        _PASS_THROUGH.search(text) for text in command.texts
    ):
        key = "script execution via -e/-c flag"
        yield Finding(key, "runs commands from inside awk", command.fragment)
    elif command.name == "su" and any(t in ("-c", "--command") for t in command.texts):
        key = "shell command via -c/-lc flag"
        yield Finding(key, "runs shell text as another user", command.fragment)


@rule
def fed_code(command: Command, scene: Scene) -> Iterator[Finding]:
    """Code read from a heredoc, a here-string, a pipe or a download."""
    kind = interpreter(command)
    if not kind:
        return
    files = [word for word in operands(command) if word.text not in ("-", "/dev/stdin")]
    substituted = {inner.name for inner in command.substitutions}
    if substituted & _DOWNLOADERS:
        if any(word.source.startswith("<(") for word in command.args):
            key = "execute remote script via process substitution"
        else:
            key = "pipe remote content to shell"
        yield Finding(key, "runs a program fetched from the network", command.fragment)
    if files and not any(t in ("-s", "-") for t in command.texts):
        return
    if any(source.name in _DOWNLOADERS for source in command.upstream):
        line = "runs a program fetched from the network"
        yield Finding("pipe remote content to shell", line, command.fragment)
    elif command.upstream or any(
        r.operator in ("<<", "<<<", "<<-", "<") for r in command.redirects
    ):
        key = "script execution via heredoc"
        yield Finding(key, "runs a program from its standard input", command.fragment)


@rule
def sourced_code(command: Command, scene: Scene) -> Iterator[Finding]:
    """`source` and `eval` of something made at run time."""
    names = {inner.name for inner in command.substitutions}
    if command.name in ("source", ".") and any(w.source.startswith("<(") for w in command.args):
        key = "execute remote script via process substitution"
        yield Finding(key, "runs text made by another command", command.fragment)
    if command.name in ("source", ".") and command.texts[:1] in (("/dev/stdin",), ("-",)):
        key = "script execution via heredoc"
        yield Finding(key, "runs a program from its standard input", command.fragment)
    if command.name == "eval" and not all(w.literal and not w.assigned for w in command.args):
        key = "pipe remote content to shell" if names & _DOWNLOADERS else "eval of computed text"
        yield Finding(key, "runs text known only when it happens", command.fragment)


@rule
def opaque_name(command: Command, scene: Scene) -> Iterator[Finding]:
    """A command whose name is computed."""
    if command.words and (not command.words[0].literal or command.words[0].assigned):
        line = "which program runs is known only when it happens"
        yield Finding("opaque command", line, command.words[0].source)


@line_rule
def downloaded_and_run(scene: Scene) -> Iterator[Finding]:
    """A download whose file is run later in the same line."""
    files: set[str] = set()
    for command in scene.script.commands:
        if command.name in _DOWNLOADERS:
            files |= _saved_by(command, scene)
            continue
        if not files or not command.words:
            continue
        runs = [command.words[0]] if not interpreter(command) else operands(command)[:1]
        if command.name in ("source", "."):
            runs = operands(command)[:1]
        if any(scene.path(word, command) in files for word in runs):
            line = "runs a program fetched from the network"
            yield Finding("download then run", line, command.fragment)


def _saved_by(command: Command, scene: Scene) -> set[str]:
    saved: list[Word] = [r.target for r in command.redirects if r.writes]
    for index, word in enumerate(command.args):
        following = command.args[index + 1 : index + 2]
        if word.text in ("-o", "-O", "--output", "--output-document") and following:
            saved += following
        if "://" in word.text:  # `wget URL` and `curl -O URL` keep the last part of the address
            tail = word.text.split("?")[0].rsplit("/", 1)[-1]
            saved.append(Word(tail, tail))
    return {path for word in saved if (path := scene.path(word, command)) is not None}
