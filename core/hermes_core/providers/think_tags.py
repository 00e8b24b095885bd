"""Thinking that a model writes into its text, taken out as it streams.

Only a block at the very beginning of a reply counts: a tag later on is something the
model talks about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.providers.base import TextDelta, ThinkingDelta

_NAMES = ("think", "thinking", "thought", "reasoning", "reasoning_scratchpad")
_OPENING = re.compile(r"\s*<(" + "|".join(_NAMES) + r")>\n?", re.IGNORECASE)
_LONGEST_OPENING = max(len(name) for name in _NAMES) + 2


class ThinkTagSplitter:
    """Tells thinking from text, whatever the borders of the chunks. One per reply."""

    def __init__(self) -> None:
        self._waiting = ""
        self._closing = ""
        """The closing tag in lower case while inside a block."""
        self._decided = False

    def feed(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """Yield what is certain about the text so far."""
        if self._decided and not self._closing:
            yield TextDelta(text)
            return
        self._waiting += text
        if not self._decided:
            self._decide()
        if self._closing:
            yield from self._inside()
        elif self._decided and self._waiting:
            yield TextDelta(self._release(len(self._waiting)))

    def finish(self) -> Iterator[TextDelta | ThinkingDelta]:
        """Yield what was held back. A block that was never closed is thinking."""
        rest = self._release(len(self._waiting))
        if rest:
            yield ThinkingDelta(rest) if self._closing else TextDelta(rest)

    def _decide(self) -> None:
        opening = _OPENING.match(self._waiting)
        if opening:
            # A line break after the tag may still come; it is dropped when it does.
            self._waiting = self._waiting[opening.end() :]
            self._closing = f"</{opening.group(1).lower()}>"
            self._decided = True
        else:
            self._decided = not _may_open(self._waiting)

    def _inside(self) -> Iterator[TextDelta | ThinkingDelta]:
        end = self._waiting.lower().find(self._closing)
        if end < 0:
            certain = len(self._waiting) - _tail_length(self._waiting.lower(), self._closing)
            if certain:
                yield ThinkingDelta(self._release(certain))
            return
        thought = self._release(end)
        if thought:
            yield ThinkingDelta(thought)
        self._release(len(self._closing))
        self._closing = ""
        said = self._release(len(self._waiting)).lstrip("\n")
        if said:
            yield TextDelta(said)

    def _release(self, length: int) -> str:
        released, self._waiting = self._waiting[:length], self._waiting[length:]
        return released


def _may_open(text: str) -> bool:
    start = text.lstrip().lower()
    return len(start) < _LONGEST_OPENING and any(f"<{name}>".startswith(start) for name in _NAMES)


def _tail_length(text: str, tag: str) -> int:
    """How many characters at the end of the text may be the beginning of the tag."""
    return next((size for size in range(len(tag) - 1, 0, -1) if text.endswith(tag[:size])), 0)
