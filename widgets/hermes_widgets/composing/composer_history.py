"""Walking through earlier inputs without losing the draft."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = re.compile(r""""[^"\n]*"|'[^'\n]*'|\S+""")


class InputHistory:
    """Earlier inputs, oldest first, and where we are among them."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._entries = list(entries)
        self._at: int | None = None
        self._draft = ""

    @property
    def entries(self) -> tuple[str, ...]:
        """All inputs, oldest first."""
        return tuple(self._entries)

    def load(self, entries: Iterable[str]) -> None:
        """Put older inputs before those of this run."""
        self._entries[:0] = entries
        self._at = None

    def add(self, text: str) -> None:
        """Remember an input; the same one twice in a row counts once."""
        self._at = None
        if text.strip() and (not self._entries or self._entries[-1] != text):
            self._entries.append(text)

    def older(self, draft: str) -> str | None:
        """Return the input before this one, or None at the beginning.

        Args:
            draft: What stands in the field; kept for the way back.
        """
        if self._at is None:
            if not self._entries:
                return None
            self._draft = draft
            self._at = len(self._entries)
        if self._at == 0:
            return None
        self._at -= 1
        return self._entries[self._at]

    def newer(self) -> str | None:
        """Return the next input, at the end the draft, or None if we are at the draft."""
        if self._at is None:
            return None
        self._at += 1
        if self._at >= len(self._entries):
            self._at = None
            return self._draft
        return self._entries[self._at]

    def leave(self) -> None:
        """The text was edited: it is a draft of its own now."""
        self._at = None

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
