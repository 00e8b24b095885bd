"""Does a shell command look as if it destroys files? Pure; errs on the side of yes."""

from __future__ import annotations

import re

_COMMANDS = frozenset({"rm", "rmdir", "mv", "truncate", "dd", "shred", "unlink", "install", "cp"})
_GIT = frozenset({"reset", "clean", "checkout", "restore", "switch", "rebase", "merge", "stash"})
_WRAPPERS = frozenset(
    {
        "sudo",
        "doas",
        "env",
        "nohup",
        "time",
        "nice",
        "xargs",
        "command",
        "exec",
        "then",
        "do",
        "else",
    }
)
_PARTS = re.compile(r"\|\||&&|[;|&\n(){}`]|\$\(")
_IN_PLACE = re.compile(r"(?:^|\s)(?:-[a-zA-Z]*i\S*|--in-place\S*)(?=\s|$)")
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"")
_OVERWRITES = re.compile(
    r"(?<![>\-=<0-9&])(?:[12]|&)?>\|?(?![>&=(])\s*(?!/dev/(?:null|stdout|stderr)\b)\S"
)
_FIND_DELETES = re.compile(r"\s-delete\b|\s-exec(?:dir)?\s+(?:rm|mv|shred|truncate)\b")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*")


def looks_destructive(command: str) -> bool:
    """Whether the command may delete, move or overwrite files.

    Looks at every simple command of a line, behind `sudo`, `xargs` and the like, and
    at output redirections that overwrite (`>`, not `>>`).
    """
    bare = _QUOTED.sub(lambda quoted: "q" * len(quoted[0]), command)
    if _OVERWRITES.search(bare):
        return True
    parts = [*_PARTS.split(bare), *_inner_commands(command)]
    return any(_destroys(part) for part in parts)


def _inner_commands(command: str) -> list[str]:
    """What `sh -c '…'` and the like would run."""
    inner = re.findall(r"\b(?:ba|z|da)?sh\s+(?:-\w+\s+)*-\w*c\s+(['\"])(.*?)\1", command, re.DOTALL)
    return [part for _, text in inner for part in _PARTS.split(text)]


def _destroys(part: str) -> bool:
    words = part.split()
    while words and (
        words[0] in _WRAPPERS or _ASSIGNMENT.fullmatch(words[0]) or words[0].startswith("-")
    ):
        words = words[1:]
    if not words:
        return False
    name, rest = words[0].rpartition("/")[2].lstrip("\\"), words[1:]
    if name in _COMMANDS:
        return True
    if name == "git":
        return any(word in _GIT for word in rest[:4])
    if name in ("sed", "perl", "ruby"):
        return _IN_PLACE.search(" " + " ".join(rest)) is not None
    return name == "find" and _FIND_DELETES.search(part) is not None
