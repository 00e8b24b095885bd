"""Spellings of the command line that click cannot read, brought to ones it can."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_TAKES_TEXT = frozenset({"-q", "--query"})
_JOINED = {"-c": "--continue", "--continue": "--continue", "-r": "--resume", "--resume": "--resume"}


def take_profile(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Take `-p NAME`, `--profile NAME` or `--profile=NAME` out of the arguments.

    Returns:
        The name (None if there was none; the last of several) and the rest.
    """
    name: str | None = None
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word == "--":
            return name, rest + list(arguments[position:])
        if word in _TAKES_TEXT:
            rest += arguments[position : position + 2]
            position += 2
        elif word in ("-p", "--profile") and position + 1 < len(arguments):
            name = arguments[position + 1]
            position += 2
        else:
            if word.startswith("--profile="):
                name = word.partition("=")[2]
            else:
                rest.append(word)
            position += 1
    return name, rest


def joined(arguments: Sequence[str], *, commands: Collection[str]) -> list[str]:
    """Give `-c`, `-r` and `--serve` the plain words behind them as one value.

    Args:
        arguments: Without the program's name.
        commands: Names of commands, which end a value.
    """
    result: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*result, word, *rest]
        if word in _TAKES_TEXT:
            result += [word, *rest[:1]]
            del rest[:1]
        elif word in _JOINED:
            words = _plain_words(rest, commands)
            if words or _JOINED[word] == "--continue":
                result.append(f"{_JOINED[word]}={' '.join(words)}")
            else:
                result.append(_JOINED[word])
        elif word == "--serve":
            words = _plain_words(rest, commands)
            result.append(f"--serve={','.join(words)}")
        else:
            result.append(word)
    return result


def _plain_words(rest: list[str], stops: Collection[str]) -> list[str]:
    words: list[str] = []
    while rest and not rest[0].startswith("-") and rest[0] not in stops:
        words.append(rest.pop(0))
    return words
