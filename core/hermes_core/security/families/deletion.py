"""Deleting and emptying files."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.hardline import is_root_like
from hermes_core.security.rules import Finding, Scene, has_flag, operands, rule
from hermes_core.security.words import Word


@rule
def removal(command: Command, scene: Scene) -> Iterator[Finding]:
    """`rm` of folders, of what comes from a pipe, and of paths elsewhere."""
    if command.name not in ("rm", "grm", "srm", "rimraf"):
        return
    targets = operands(command)
    scope = (scene.path(targets[0], command) or "") if len(targets) == 1 else ""
    if has_flag(command, "", "--recursive"):
        key = "recursive delete (long flag)"
        yield Finding(key, _what(targets), command.fragment, scope=scope)
    elif has_flag(command, "rR") or command.name == "rimraf":
        yield Finding("recursive delete", _what(targets), command.fragment, scope=scope)
    wrapper = command.wrapped_by[-1] if command.wrapped_by else ""
    if wrapper in ("xargs", "parallel"):
        line = "deletes every file named by its input"
        yield Finding("xargs with rm", line, command.fragment)
    if wrapper in ("find -exec", "fd --exec"):
        yield Finding("find -exec rm", "deletes every file the search finds", command.fragment)
    for word in targets:
        if _is_elsewhere(word, command, scene):
            line = f"deletes {word.source}, outside the working folder"
            path = scene.path(word, command) or ""
            yield Finding("delete in root path", line, word.source, scope=path)
            return


def _what(targets: list[Word]) -> str:
    names = ", ".join(word.source for word in targets[:3]) or "what it is given"
    return f"deletes {names} with everything inside"


def _is_elsewhere(word: Word, command: Command, scene: Scene) -> bool:
    path = scene.path(word, command)
    if path is None or (not word.literal and not word.quoted):
        return True
    inside = (command.cwd or "/dev/null", *scene.temporary)
    return not any(path.startswith(place.rstrip("/") + "/") for place in inside)


@rule
def moved_away(command: Command, scene: Scene) -> Iterator[Finding]:
    """`mv` of the home folder or a top folder of the system."""
    if command.name in ("mv", "gmv"):
        for word in operands(command)[:-1]:
            if is_root_like(word, command, scene):
                line = f"moves {word.source} away: the system's or your whole home folder"
                yield Finding("delete in root path", line, command.fragment)
                return


@rule
def find_delete(command: Command, scene: Scene) -> Iterator[Finding]:
    """`find … -delete`."""
    if command.name in ("find", "gfind") and "-delete" in command.texts:
        yield Finding("find -delete", "deletes every file the search finds", command.fragment)


@rule
def emptying(command: Command, scene: Scene) -> Iterator[Finding]:
    """Overwriting and cutting files short."""
    if command.name == "shred":
        yield Finding("shred files", "overwrites files beyond recovery", command.fragment)
    if command.name == "truncate" and operands(command):
        yield Finding("truncate file", "cuts a file short, its content is lost", command.fragment)
    if command.name == "rsync" and any(t.startswith("--del") for t in command.texts):
        line = "deletes what the source does not have"
        yield Finding("rsync with delete", line, command.fragment)
