"""Earlier inputs, and walking through them without losing a draft."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = re.compile(r""""[^"\n]*"|'[^'\n]*'|\S+""")


class InputHistory:
    """Earlier inputs, oldest first; several fields may share one."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._entries = list(entries)

    @property
    def entries(self) -> tuple[str, ...]:
        """All inputs, oldest first."""
        return tuple(self._entries)

    def load(self, entries: Iterable[str]) -> None:
        """Put older inputs before those of this run."""
        self._entries[:0] = entries

    def add(self, text: str) -> None:
        """Remember an input; the same one twice in a row counts once."""
        if text.strip() and (not self._entries or self._entries[-1] != text):
            self._entries.append(text)

    def suggestion(self, start: str) -> str:
        """Return the rest of the newest one-line input that begins with `start`."""
        if not start.strip() or "\n" in start:
            return ""
        for entry in reversed(self._entries):
            if entry.startswith(start) and len(entry) > len(start) and "\n" not in entry:
                return entry[len(start) :]
        return ""

    def argument(self, back: int) -> str:
        """Return the last word of the input so many before now, 1 for the newest.

        A quoted word keeps its quotes. Empty if there are not so many.
        """
        if not 1 <= back <= len(self._entries):
            return ""
        words = _WORDS.findall(self._entries[-back])
        return words[-1] if words else ""


class HistoryWalk:
    """One field's way through earlier inputs and back to its draft.

    What is changed on the way is there again when one comes by, as long as the walk
    lasts; at its end whatever was not sent is an earlier input itself.

    Args:
        history: What is walked through.
    """

    def __init__(self, history: InputHistory) -> None:
        self._history = history
        self._found: tuple[str, ...] = ()
        """The inputs as they were when the walk began, and the draft behind them."""
        self._texts: list[str] = []
        """The same, as they were left."""
        self._at = 0

    def older(self, shown: str) -> str | None:
        """Return the input before this one, or None at the beginning.

        Args:
            shown: What stands in the field; kept for the way back.
        """
        if not self._texts:
            self._found = (*self._history.entries, shown)
            self._texts = list(self._found)
            self._at = len(self._texts) - 1
        return self._step(-1, shown)

    def newer(self, shown: str) -> str | None:
        """Return the next input, behind the last one the draft, or None at the draft."""
        return self._step(1, shown)

    def _step(self, step: int, shown: str) -> str | None:
        if not 0 <= self._at + step < len(self._texts):
            return None
        self._texts[self._at] = shown
        self._at += step
        text = self._texts[self._at]
        if self._at == len(self._texts) - 1 and self._texts[:-1] == list(self._found[:-1]):
            self._texts = []  # back at the draft with nothing changed: what is new is seen again
        return text

    def end(self, shown: str) -> None:
        """The walk is over; drafts left on the way become earlier inputs.

        Args:
            shown: What stands in the field; whoever ends the walk takes care of it.
        """
        texts, self._texts = self._texts, []
        for at, text in enumerate(texts):
            is_draft = at == len(texts) - 1
            if at != self._at and text != shown and (is_draft or text != self._found[at]):
                self._history.add(text)
