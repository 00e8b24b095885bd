"""Permissions and owners of files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, has_flag, line_rule, operands, rule

_SYMBOLIC = re.compile(r"([ugoa]*)([+=-])([rwxXstugo]*)")


@rule
def open_permissions(command: Command, scene: Scene) -> Iterator[Finding]:
    """`chmod` that lets everybody write, or lets a program run as its owner."""
    if command.name != "chmod":
        return
    # A symbolic mode may begin with a dash, so options are not left out here.
    modes = [t for t in command.texts if not t.startswith("--")][:2]
    for mode in modes:
        if _other_may_write(mode):
            recursive = has_flag(command, "R", "--recursive")
            key = "world/other-writable permissions" + (" (recursive)" if recursive else "")
            yield Finding(key, "lets every user change these files", command.fragment)
            return
        if _sets_identity(mode):
            line = "lets a program run with its owner's rights"
            yield Finding("setuid/setgid permissions", line, command.fragment)
            return


def _other_may_write(mode: str) -> bool:
    if re.fullmatch(r"[0-7]{1,6}", mode):
        return int(mode[-1]) & 2 != 0
    return any(
        operator in "+=" and "w" in rights and ("o" in who or "a" in who)
        for clause in mode.split(",")
        for who, operator, rights in _SYMBOLIC.findall(clause)
    )


def _sets_identity(mode: str) -> bool:
    if re.fullmatch(r"[0-7]{4,6}", mode):
        return int(mode[-4]) & 6 != 0
    return any(
        operator in "+=" and "s" in rights
        for clause in mode.split(",")
        for _, operator, rights in _SYMBOLIC.findall(clause)
    )


@rule
def owner_change(command: Command, scene: Scene) -> Iterator[Finding]:
    """`chown -R` to root or on the root folder."""
    if command.name not in ("chown", "chgrp") or not has_flag(command, "R", "--recursive"):
        return
    words = operands(command)
    to_root = words and re.match(r"(?:root|0)(?:[:.]|$)", words[0].text)
    on_root = any(scene.path(word, command) == "/" for word in words[1:])
    if to_root or on_root:
        line = "changes the owner of a whole tree"
        yield Finding("recursive chown to root", line, command.fragment)


@line_rule
def made_executable_and_run(scene: Scene) -> Iterator[Finding]:
    """`chmod +x FILE` and then FILE in the same line."""
    made: set[str] = set()
    for command in scene.script.commands:
        if command.name == "chmod" and any(re.search(r"\+[rwXst]*x|[0-7]*[1357][0-7]{0,2}$", t)
                                           for t in command.texts[:2]):  # fmt: skip
            made |= {scene.path(w, command) or w.text for w in operands(command)[1:]}
        elif command.words and scene.path(command.words[0], command) in made:
            key = "chmod +x followed by immediate execution"
            yield Finding(key, "makes a file runnable and runs it at once", command.fragment)
