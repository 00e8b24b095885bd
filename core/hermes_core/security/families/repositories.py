"""Git commands that lose work."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, rule

_GLOBAL_WITH_VALUE = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"}
)


def _verb_and_rest(command: Command) -> tuple[str, list[str]]:
    texts = list(command.texts)
    while texts and texts[0].startswith("-"):
        texts = texts[2:] if texts[0] in _GLOBAL_WITH_VALUE else texts[1:]
    return (texts[0], texts[1:]) if texts else ("", [])


def _letter(rest: list[str], letters: str) -> bool:
    return any(re.fullmatch(rf"-[A-Za-z]*[{letters}][A-Za-z]*", text) for text in rest)


@rule
def lost_work(command: Command, scene: Scene) -> Iterator[Finding]:
    """Forced and hard variants."""
    if command.name != "git":
        return
    verb, rest = _verb_and_rest(command)
    found: tuple[str, str] | None = None
    if verb == "reset" and "--hard" in rest:
        found = ("git reset --hard", "throws away changes that are not committed")
    elif verb == "push" and (
        _letter(rest, "fd")
        or any(t.startswith(("--force", "--delete", "--mirror", "--prune")) for t in rest)
        or any(t.startswith(("+", ":")) for t in rest)
    ):
        found = ("git force push", "overwrites or deletes history on the server")
    elif verb == "clean" and (_letter(rest, "f") or "--force" in rest):
        if not _letter(rest, "n") and "--dry-run" not in rest:
            found = ("git clean with force", "deletes files that are not in git")
    elif verb == "branch" and (
        _letter(rest, "D") or ((_letter(rest, "d") or "--delete" in rest) and "--force" in rest)
    ):
        found = ("git branch force delete", "deletes a branch even if it is not merged")
    elif verb in ("checkout", "restore") and any(t in (".", "./", ":/", "*") for t in rest):
        found = ("git discard changes", "throws away changes that are not committed")
    elif verb == "stash" and rest[:1] in (["drop"], ["clear"]):
        found = ("git stash drop", "throws away stashed changes")
    elif verb in ("filter-branch", "filter-repo") or (verb == "reflog" and "expire" in rest):
        found = ("git rewrite history", "rewrites or forgets history")
    if found:
        yield Finding(*found, command.fragment)
