"""Says what an exit code means where it is no failure."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

_NO_MATCH = "no lines matched (not an error)"
_DIFFERENT = "the inputs differ (not an error)"
_MEANINGS: dict[str, dict[int, str]] = {
    **{key: {1: _NO_MATCH} for key in ("grep", "egrep", "fgrep", "rg", "ag", "ack")},
    **{key: {1: _DIFFERENT} for key in ("diff", "colordiff")},
    "find": {1: "some folders could not be read; results may be incomplete"},
    **{key: {1: "the condition is false (not an error)"} for key in ("test", "[")},
    "git": {1: "often not an error, e.g. `git diff` with differences"},
    "curl": {
        6: "the host name could not be resolved",
        7: "the connection was refused",
        22: "the server answered with an HTTP error",
        28: "the request ran out of time",
    },
}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_WRAPPERS = {"sudo", "env", "time", "command", "exec", "nice", "nohup"}
_SEPARATORS = {"|", "||", "&&", ";", "|&", "&", ";;"}


def meaning(command: str, exit_code: int) -> str | None:
    """Return one line about `exit_code` of the last command in the chain, or None."""
    if exit_code == 0:
        return None
    program = last_program(command)
    return _MEANINGS.get(program, {}).get(exit_code) if program else None


def last_program(command: str) -> str | None:
    """Return the name of the program the chain ends with; None if it cannot be told."""
    lines = [line for line in command.strip().splitlines() if line.strip()]
    if not lines:
        return None
    lexer = shlex.shlex(lines[-1], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # an open quote: the line is the end of a longer word
        return None
    start = max((i + 1 for i, word in enumerate(words) if word in _SEPARATORS), default=0)
    for word in words[start:]:
        if _ASSIGNMENT.match(word) or word in _WRAPPERS:
            continue
        return PurePosixPath(word).name
    return None
