"""Writing to files of the system, of shells, of logins, and of this program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, operands, rule, written_by_redirects
from hermes_core.security.words import Word

_COPIERS = frozenset({"cp", "mv", "install", "ln", "rsync", "scp", "gcp", "gmv"})
_LINES = {
    "system": "changes a file of the system",
    "credential": "changes a file that holds keys or logins",
    "startup": "changes a file that shells or tools load by themselves",
    "control": "changes this program's own settings or state",
    "device": "writes to a disk",
}


def _found(word: Word, command: Command, scene: Scene, key: str) -> Iterator[Finding]:
    concern = scene.concern(word, command)
    if concern is not None:
        key = "own policy change" if concern == "control" else key
        scope = scene.path(word, command) or ""
        yield Finding(key, _LINES[concern], word.source, scope=scope)


@rule
def redirected(command: Command, scene: Scene) -> Iterator[Finding]:
    """`>` and `>>`."""
    for redirect in written_by_redirects(command):
        key = "overwrite system file via redirection"
        yield from _found(redirect.target, command, scene, key)


@rule
def teed(command: Command, scene: Scene) -> Iterator[Finding]:
    """`tee` and `sponge`."""
    if command.name in ("tee", "sponge"):
        for word in operands(command):
            yield from _found(word, command, scene, "overwrite system file via tee")


@rule
def copied(command: Command, scene: Scene) -> Iterator[Finding]:
    """Copying, moving or linking to a protected place; moving out of one."""
    if command.name not in _COPIERS:
        return
    words = operands(command)
    targets = words[-1:]
    for index, word in enumerate(command.args):
        if word.text in ("-t", "--target-directory"):
            targets = [*targets, *command.args[index + 1 : index + 2]]
        elif word.text.startswith("--target-directory="):
            targets = [*targets, Word(word.text.split("=", 1)[1], word.source)]
    if command.name in ("mv", "gmv"):
        targets = words
    for word in targets:
        yield from _found(word, command, scene, "copy/move file into /etc/")


@rule
def edited(command: Command, scene: Scene) -> Iterator[Finding]:
    """Editing in place, and other ways to change a named file."""
    texts = command.texts
    in_place = (
        command.name in ("sed", "gsed")
        and any(re.match(r"-[a-zA-Z]*i|--in-place", t) for t in texts)
    ) or (
        command.name in ("perl", "ruby") and any(re.match(r"-[a-zA-Z0]*i", t) for t in texts)
    )  # fmt: skip
    plain = command.name in ("truncate", "chmod", "chown", "chattr", "touch", "patch", "setfacl")
    if in_place or command.name in ("ed", "ex", "vi", "vim", "nano", "emacs", "crudini"):
        for word in operands(command):
            yield from _found(word, command, scene, "in-place edit of system config")
    elif plain or command.name in ("rm", "unlink", "shred"):
        for word in operands(command):
            if scene.concern(word, command) in ("control", "system"):
                yield from _found(word, command, scene, "overwrite system config")
    elif command.name == "dd":
        for word in command.args:
            if word.text.startswith("of="):
                target = Word(word.text[3:], word.source[3:])
                yield from _found(target, command, scene, "overwrite system config")
    elif command.name in ("curl", "wget"):
        for index, word in enumerate(command.args[:-1]):
            if word.text in ("-o", "-O", "--output", "--output-document"):
                target = command.args[index + 1]
                yield from _found(target, command, scene, "overwrite system config")


@rule
def own_policy(command: Command, scene: Scene) -> Iterator[Finding]:
    """Changing this program's rules through its own command line."""
    joined = " ".join(command.texts)
    if command.name in ("hermes", "hermes-tui") and re.search(
        r"\bconfig\s+(?:set|unset|edit|import)\s+(?:\S*(?:approvals|security|command_allowlist)|$)"
        r"|--yolo\b|\bauth\b|\bpairing\s+approve\b", joined,
    ):  # fmt: skip
        line = "changes what this program is allowed to do"
        yield Finding("own policy change", line, command.fragment)
    switches = [*command.assignments, *(w.text for w in command.wrapper_words)]
    if command.name in ("export", "declare"):
        switches += command.texts
    if any(s.startswith("HERMES_YOLO_MODE=") for s in switches):
        line = "switches this program's questions off"
        yield Finding("own policy change", line, command.fragment)
