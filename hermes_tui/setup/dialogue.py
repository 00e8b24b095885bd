"""Asking a person on a plain terminal: text, keys, yes or no, one row of many."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Protocol

import click

_SHOWN_ROWS = 40


class Dialogue(Protocol):
    """Someone who answers. Every question may raise `click.Abort` (Ctrl+C, end of input)."""

    def say(self, text: str) -> None:
        """Tell one or several lines."""
        ...

    def ask(self, question: str, *, default: str = "") -> str:
        """Return the answer without blanks around it; Enter gives the default."""
        ...

    def ask_hidden(self, question: str) -> str:
        """Return an answer that is not shown while it is typed, may be empty."""
        ...

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return the answer to a yes-or-no question."""
        ...


class TerminalDialogue:
    """See `Dialogue`; on the terminal of this process."""

    def say(self, text: str) -> None:
        """Tell one or several lines."""
        # Names of models come from whatever listens at an address.
        click.echo("\n".join(_shown(line) for line in text.split("\n")))

    def ask(self, question: str, *, default: str = "") -> str:
        """Return the answer without blanks around it; Enter gives the default."""
        answer: str = click.prompt(_shown(question), default=default, show_default=bool(default))
        return answer.strip()

    def ask_hidden(self, question: str) -> str:
        """Return an answer that is not shown while it is typed, may be empty."""
        answer: str = click.prompt(
            _shown(question), default="", show_default=False, hide_input=True
        )
        return answer.strip()

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return the answer to a yes-or-no question."""
        return click.confirm(_shown(question), default=default)


def _shown(line: str) -> str:
    """The line without anything that could steer a terminal."""
    return "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))


def choose(
    dialogue: Dialogue, question: str, rows: Sequence[str], *, default: int | None = None
) -> int | str | None:
    """Let a person choose a row: words narrow the list, a number or the last one left chooses.

    Args:
        dialogue: Who answers.
        question: What the number stands for.
        rows: At least one, one line each.
        default: Index of the row that Enter takes while nothing is filtered out.

    Returns:
        The index of a row; the words as typed if no row has them; None for Enter
        without a default.
    """
    shown = list(range(len(rows)))
    while True:
        _show(dialogue.say, rows, shown, default)
        whole = len(shown) == len(rows)
        offered = str(shown.index(default) + 1) if whole and default is not None else ""
        answer = dialogue.ask(f"{question} (number, or words to filter)", default=offered)
        if offered and answer == offered:
            return default
        if answer.isdecimal() and 1 <= int(answer) <= min(len(shown), _SHOWN_ROWS):
            return shown[int(answer) - 1]
        if not answer:
            if whole:
                return None
            shown = list(range(len(rows)))
            continue
        words = answer.casefold().split()
        found = [one for one in shown if all(word in rows[one].casefold() for word in words)]
        if not found:
            return answer
        if len(found) == 1:
            dialogue.say(rows[found[0]])
            return found[0]
        shown = found


def _show(
    say: Callable[[str], None], rows: Sequence[str], shown: Sequence[int], default: int | None
) -> None:
    for number, index in enumerate(shown[:_SHOWN_ROWS], start=1):
        mark = "*" if index == default else " "
        say(f"{mark}{number:>3}  {rows[index]}")
    if len(shown) > _SHOWN_ROWS:
        say(f"     … {len(shown) - _SHOWN_ROWS} more: type words to filter")
