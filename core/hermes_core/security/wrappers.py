"""Commands that run other commands, and where in their words the other one begins."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hermes_core.security.words import Word

SHELLS = frozenset(
    {"bash", "sh", "zsh", "ksh", "mksh", "dash", "ash", "fish", "rbash", "csh", "tcsh"}
)
"""Programs whose `-c` and standard input are shell text."""

_VALUE_OPTIONS: dict[str, str] = {
    "sudo": "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --role --type",
    "doas": "-u -C",
    "env": "-u -C --unset --chdir",
    "nohup": "",
    "nice": "-n --adjustment",
    "ionice": "-c -n -p --class --classdata",
    "timeout": "-s -k --signal --kill-after",
    "gtimeout": "-s -k --signal --kill-after",
    "setsid": "",
    "stdbuf": "-i -o -e --input --output --error",
    "time": "-f -o --format --output",
    "command": "",
    "builtin": "",
    "exec": "-a",
    "xargs": "-I -n -P -L -d -E -s -a --max-args --max-procs --delimiter --arg-file --replace",
    "parallel": "-j -I -n -a --jobs --colsep --arg-file",
    "watch": "-n --interval",
    "busybox": "",
    "toybox": "",
    "strace": "-e -o -p -s -u",
    "chronic": "",
    "caffeinate": "-t -w",
    "unbuffer": "",
    "coproc": "",
    "noglob": "",
    "nocorrect": "",
    "-": "",
    "then": "",
    "else": "",
    "do": "",
    "!": "",
    "{": "",
    "unshare": "",
    "taskset": "",
    "flock": "-w --timeout",
    "chroot": "",
    "ssh": "-p -i -l -o -F -J -L -R -D -b -c -E -m -S -W",
    "su": "",
}
_OPERANDS = {"timeout": 1, "gtimeout": 1, "taskset": 1, "flock": 1, "chroot": 1, "ssh": 1}
"""How many words stand between the wrapper's options and the command."""
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_FIND_EXEC = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


class Inner(Struct, frozen=True):
    """A command found inside another one's words."""

    wrapper: str
    words: tuple[Word, ...]
    taken: tuple[Word, ...]
    """The wrapper's own words before it."""


def _base(word: Word) -> str:
    return posixpath.basename(word.text).lower()


def unwrapped(words: Sequence[Word]) -> Iterator[Inner]:
    """Yield the commands directly inside this one, one level down."""
    if not words:
        return
    name = _base(words[0])
    if name in ("find", "gfind"):
        yield from _find_commands(words)
    elif name in ("fd", "fdfind"):
        for index, word in enumerate(words):
            if word.text in ("-x", "-X", "--exec", "--exec-batch") and words[index + 1 :]:
                yield Inner("fd --exec", tuple(words[index + 1 :]), tuple(words[: index + 1]))
    elif name == "command" and len(words) > 1 and words[1].text in ("-v", "-V"):
        return
    elif name in _VALUE_OPTIONS and name != "su":
        start = _command_start(name, words)
        if start < len(words):
            yield Inner(name, tuple(words[start:]), tuple(words[:start]))


def _command_start(name: str, words: Sequence[Word]) -> int:
    with_value = _VALUE_OPTIONS[name].split()
    at = 1
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            break
        if _ASSIGNMENT.match(text):
            at += 1
        elif text.startswith("-") and len(text) > 1:
            at += 2 if text in with_value else 1
        else:
            break
    at += _OPERANDS.get(name, 0)
    while at < len(words) and _ASSIGNMENT.match(words[at].text):
        at += 1
    return at


def _find_commands(words: Sequence[Word]) -> Iterator[Inner]:
    at = 0
    while at < len(words):
        if words[at].text not in _FIND_EXEC:
            at += 1
            continue
        end = at + 1
        while end < len(words) and words[end].text not in (";", "+"):
            end += 1
        if words[at + 1 : end]:
            yield Inner("find -exec", tuple(words[at + 1 : end]), tuple(words[: at + 1]))
        at = end


def script_texts(name: str, args: Sequence[Word]) -> Iterator[str]:
    """Yield the shell texts a command was given as arguments, where they are literal."""
    if name in SHELLS or name == "su":
        text = _after_command_flag(args)
        if text is not None:
            yield text
    elif name == "eval" and args and all(word.literal for word in args):
        yield " ".join(word.text for word in args)
    elif name == "trap" and args and args[0].literal:
        yield args[0].text
    elif name in ("watch", "parallel", "ssh", "xargs", "env"):
        # These join or split their words: a quoted word can be a whole command line.
        for word in args:
            if " " in word.text and word.literal and not word.text.startswith("-S"):
                yield word.text
        if name == "env":
            for index, word in enumerate(args):
                if word.text in ("-S", "--split-string") and index + 1 < len(args):
                    yield args[index + 1].text
                elif word.text.startswith("-S"):
                    yield word.text[2:]


def _after_command_flag(args: Sequence[Word]) -> str | None:
    for index, word in enumerate(args):
        text = word.text
        is_flag = re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", text) or text in ("--command", "-Command")
        if is_flag:
            following = [w for w in args[index + 1 :] if not w.text.startswith("-")]
            return following[0].text if following and following[0].literal else None
    return None
