"""Judges a shell command before it runs: allow, ask, or block.

`inspect` is pure, quick and safe to call from any thread: it reads the text, never the
disk. What a person granted is not its business; see `approvals`.

Source: terminal-security, "Command guard and approvals".
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from hermes_core.security.command_line import Command
from hermes_core.security.hardline import hardline, rough_hardline
from hermes_core.security.paths import Places
from hermes_core.security.rules import Finding, Scene, load_families
from hermes_core.security.shell import read_script

Action = Literal["allow", "ask", "block"]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]?)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
_JOINER = re.compile("(?<![\u2600-\u27ff\ufe0f\U0001f000-\U0001faff])\u200d")
_HOST = re.compile(r"(?:://|@)([^\s/:@\"'?#<>|;&()]+)")
_BRACE_WORD = re.compile(r"(?<![^\s;&|(])\{([^{}\s\"'$]*,[^{}\s\"'$]*)\}(?![^\s;&|)])")
_MANY = 300
"""Simple commands of an unreadable line up to which the families are named too."""
_FOREIGN = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")


class UserRules(Struct, frozen=True):
    """`approvals.deny` and `approvals.ask`: globs over single commands.

    The command word is reduced to its base name first, and quoting is resolved.
    """

    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


class Verdict(Struct, frozen=True):
    """What the guard says about one command line."""

    action: Action
    findings: tuple[Finding, ...]
    normalised: str
    """The line without hidden characters; what an exact grant remembers."""
    forced: bool = False
    """The user wants to be asked even where questions are switched off."""


_NO_RULES = UserRules()


def inspect(
    command: str,
    *,
    cwd: Path,
    home: Path,
    env: Mapping[str, str] | None = None,
    rules: UserRules = _NO_RULES,
) -> Verdict:
    """Judge one command line.

    Args:
        command: As the model wrote it.
        cwd: Absolute folder it would run in.
        home: The user's home.
        env: Variables whose values are known, e.g. `HERMES_HOME`.
        rules: The user's own globs.
    """
    env = env or {}
    data_home = env.get("HERMES_HOME") or str(home / ".hermes")
    places = Places(str(home), data_home)
    findings: list[Finding] = list(_hidden(command))
    denied = forced = False
    readings = _readings(command)
    for reading in readings:
        script = read_script(reading, cwd=cwd, home=home, env={"HERMES_HOME": data_home, **env})
        scene = Scene(home=str(home), places=places, script=script)
        findings += _judge(scene, reading)
        user_denied, user_ask = _by_user(script.commands, reading, rules)
        findings += [*user_denied, *user_ask]
        denied, forced = denied or bool(user_denied), forced or bool(user_ask)
    unique = tuple(_once(findings))
    if denied or any(finding.hardline for finding in unique):
        action: Action = "block"
    else:
        action = "ask" if unique else "allow"
    return Verdict(action, unique, readings[-1].strip(), forced)


def _readings(command: str) -> list[str]:
    """Return the texts to read: without escape codes, and with look-alike forms folded.

    Both are read, because folding could also hide something, e.g. behind a `#`.
    """
    plain = command.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    stripped = _CONTROL.sub("", _ANSI.sub("", plain))
    visible = _INVISIBLE.sub("", stripped)
    folded = unicodedata.normalize("NFKC", visible)
    # The parsing library cannot read braces that stand where a command begins.
    spread = _BRACE_WORD.sub(lambda match: match[1].replace(",", " "), folded)
    # Nor a word that goes on after a line's end.
    joined = spread.replace("\\\n", "")
    return list(dict.fromkeys([_CONTROL.sub(" ", plain), stripped, joined, spread, folded]))


def _hidden(command: str) -> Iterator[Finding]:
    text = command.replace("\r\n", "\n")
    if (
        "\r" in text.rstrip("\r")
        or _CONTROL.search(text)
        or _INVISIBLE.search(text)
        or _JOINER.search(text)
    ):
        line = "holds characters that hide what it does"
        yield Finding("hidden characters", line, allow_permanent=False)
    for match in _HOST.finditer(text):
        if _is_lookalike(match[1]):
            line = f"the address {match[1]} imitates another one"
            yield Finding("lookalike host", line, match[1], allow_permanent=False)


def _is_lookalike(host: str) -> bool:
    if any(label.lower().startswith("xn--") for label in host.split(".")):
        return True
    if host.isascii():
        return False
    names = [unicodedata.name(char, "") for char in host if char.isalpha()]
    return any(n.startswith(_FOREIGN) for n in names) and any(n.startswith("LATIN") for n in names)


def _judge(scene: Scene, text: str) -> Iterator[Finding]:
    rules, line_rules = load_families()
    script = scene.script
    if script.unparseable:
        line = f"cannot be checked: {script.unparseable}"
        yield Finding("unparseable", line, allow_permanent=False)
        yield from rough_hardline(text)
        if len(script.commands) > _MANY:  # asked anyway; the floor alone still matters
            rules, line_rules = (), ()
    for body in script.fork_bombs:
        line = "starts copies of itself until the machine stops"
        yield Finding("fork bomb", line, body, hardline=True, allow_permanent=False)
    for command in script.commands:
        yield from hardline(command, scene)
        for rule in rules:
            yield from rule(command, scene)
    for line_rule in line_rules:
        yield from line_rule(scene)


def _by_user(
    commands: Iterable[Command], text: str, rules: UserRules
) -> tuple[list[Finding], list[Finding]]:
    if not (rules.deny or rules.ask):
        return [], []
    lines = {" ".join([c.name, *c.texts]) for c in commands if c.words} | {text.strip()}
    denied = [
        Finding("denied by your rules", f"your rule `{glob}` refuses it", allow_permanent=False)
        for glob in rules.deny
        if any(fnmatch.fnmatchcase(line, glob) for line in lines)
    ]
    asked = [
        Finding("asked by your rules", f"your rule `{glob}` asks first", allow_permanent=False)
        for glob in rules.ask
        if any(fnmatch.fnmatchcase(line, glob) for line in lines)
    ]
    return denied, asked


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Keep the first finding of each key and scope, refusals first."""
    seen: set[tuple[str, str]] = set()
    for finding in sorted(findings, key=lambda f: not f.hardline):
        mark = (finding.key, finding.scope)
        if mark not in seen:
            seen.add(mark)
            yield finding
