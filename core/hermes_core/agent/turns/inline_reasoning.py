"""Split thinking that a model writes inside its text (`<think>…</think>`) from the answer."""

from __future__ import annotations

from typing import Literal, NamedTuple

TAGS = ("think", "thinking", "thought", "reasoning", "REASONING_SCRATCHPAD")

_OPENERS = {f"<{tag}>": f"</{tag}>" for tag in TAGS}
_LONGEST_OPENER = max(map(len, _OPENERS))


class Piece(NamedTuple):
    """A run of text of one kind."""

    kind: Literal["text", "thinking"]
    text: str


class InlineReasoning:
    """Feed streamed text, get pieces; a tag cut in two chunks is still a tag.

    Only a tag at the very start of the answer, or after another thinking block,
    opens one: a `<think>` inside the answer is text the person asked for.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closer: str | None = None
        self._answer_began = False

    @property
    def is_open(self) -> bool:
        """Whether a thinking block was opened and not closed."""
        return self._closer is not None

    def feed(self, text: str) -> list[Piece]:
        """Take a chunk and return what is certain by now."""
        if self._answer_began and self._closer is None:
            return [Piece("text", text)] if text else []
        self._held += text
        pieces: list[Piece] = []
        while self._held and self._advance(pieces):
            pass
        return pieces

    def finish(self) -> list[Piece]:
        """Return what was held back at the end of the stream."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [Piece("thinking" if self._closer else "text", held)]

    def _advance(self, pieces: list[Piece]) -> bool:
        """Do one step; False when more input is needed."""
        if self._closer is not None:
            return self._inside(pieces, self._closer)
        stripped = self._held.lstrip()
        if not stripped:
            return False
        for opener, closer in _OPENERS.items():
            if stripped.startswith(opener):
                self._held = stripped[len(opener) :]
                self._closer = closer
                return True
        if len(stripped) < _LONGEST_OPENER and any(o.startswith(stripped) for o in _OPENERS):
            return False
        self._answer_began = True
        pieces.append(Piece("text", self._held))
        self._held = ""
        return False

    def _inside(self, pieces: list[Piece], closer: str) -> bool:
        end = self._held.find(closer)
        if end >= 0:
            if end:
                pieces.append(Piece("thinking", self._held[:end]))
            self._held = self._held[end + len(closer) :].lstrip("\n")
            self._closer = None
            return True
        keep = next(
            (n for n in range(len(closer) - 1, 0, -1) if self._held.endswith(closer[:n])), 0
        )
        if len(self._held) > keep:
            cut = len(self._held) - keep
            pieces.append(Piece("thinking", self._held[:cut]))
            self._held = self._held[cut:]
        return False
