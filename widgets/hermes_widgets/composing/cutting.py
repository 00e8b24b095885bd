"""The cutting keys of the shell: what they take, and what they took last."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hermes_widgets.composing import text_motions as find

Reach = Callable[[str, int], int]
"""Gets a text and the cursor, returns the other end of what is cut."""


def word_behind(text: str, at: int) -> int:
    """Return where this word begins, or the one before; signs are no words here."""
    while at > 0 and find.kind(text[at - 1]) != 1:
        at -= 1
    while at > 0 and find.kind(text[at - 1]) == 1:
        at -= 1
    return at


def word_ahead(text: str, at: int) -> int:
    """Return where this word ends, or the next one; signs are no words here."""
    while at < len(text) and find.kind(text[at]) != 1:
        at += 1
    while at < len(text) and find.kind(text[at]) == 1:
        at += 1
    return at


def _blank_word_behind(text: str, at: int) -> int:
    return find.previous_word(text, at, is_broad=True)


def _to_line_start(text: str, at: int) -> int:
    start = find.line_start(text, at)
    return start if start < at else max(at - 1, 0)


def _to_line_end(text: str, at: int) -> int:
    end = find.line_end(text, at)
    return end if end > at else min(at + 1, len(text))


REACHES: Mapping[str, Reach] = {
    "word-behind": word_behind,
    "blank-word-behind": _blank_word_behind,
    "word-ahead": word_ahead,
    "line-start": _to_line_start,
    "line-end": _to_line_end,
}
"""By the name the keys use. At the edge of a line the line break is taken."""


class Cuttings:
    """What was cut, for putting it back. Cuts with nothing in between make one piece."""

    def __init__(self) -> None:
        self.text = ""
        self._left: tuple[str, int] | None = None

    def cut(self, text: str, at: int, reach: str) -> tuple[str, int]:
        """Cut from the cursor as far as a reach says.

        Args:
            text: The draft.
            at: The cursor in it.
            reach: A name of `REACHES`.

        Returns:
            The draft and the cursor afterwards.
        """
        start, end = sorted((at, REACHES[reach](text, at)))
        piece = text[start:end]
        if not piece:
            return text, at
        if self._left != (text, at):
            self.text = piece
        else:
            self.text = self.text + piece if start == at else piece + self.text
        self._left = (text[:start] + text[end:], start)
        return self._left
