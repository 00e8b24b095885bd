"""Asking the terminal for its background and for the width of our glyphs.

A light one gets light colours, and glyphs that are drawn too wide plain characters. The
question is sent before the toolkit is imported and the answer read afterwards, so
that asking costs no time. A second question that every terminal answers (its kind)
follows the first: with that answer we know that no other is coming. What the person
typed meanwhile comes through the same pipe and is kept for the prompt.
"""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

GLYPHS_IN_DOUBT = "●○◆∴▌▏━·…─│✓✗⊘▸▾↑↓−╱▀▄█"
"""Glyphs of ours that are one cell wide by the standard and two in some terminals."""


def _widths_asked() -> bytes:
    """Write each glyph at the begin of the line and ask where the cursor is then."""
    asked = "".join(f"\r{glyph}\x1b[6n" for glyph in GLYPHS_IN_DOUBT)
    return f"\x1b7{asked}\r\x1b[K\x1b8".encode()


BACKGROUND = b"\x1b]11;?\x1b\\"
KIND = b"\x1b[c"
QUESTION = _widths_asked() + BACKGROUND + KIND
_COLOUR = re.compile(
    rb"\x1b\]11;rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)[^\x07\x1b]*(?:\x07|\x1b\\)"
)
_PLACE = re.compile(rb"\x1b\[\d+;(\d+)R")
_KIND = re.compile(rb"\x1b\[\?[0-9;]*c")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<]*[ -/]*[@-~]|O.|.)?")
_SILENT_KINDS = frozenset({"dumb", "linux", ""})
_PATIENCE_S = 0.2
"""Counted from the question; loading the toolkit takes longer, so nothing is waited for."""
_PATIENCE_SSH_S = 0.8
SLOW_S = 0.25
"""A terminal behind SSH that takes longer for a question and its answer is slow."""
_AT_ONCE_S = 0.02
_LIGHT_INDEXES = frozenset({"7", "9", "10", "11", "12", "13", "14", "15"})


class Answer(Struct, frozen=True):
    """What came back."""

    is_light: bool | None = None
    """None if the terminal did not say."""
    wide_glyphs: str = ""
    """Glyphs of ours that it draws two cells wide."""
    typed: str = ""
    """What the person typed meanwhile."""
    is_slow: bool = False
    """Whether the terminal is far away: nothing should move for its own sake."""


def parse_answer(data: bytes) -> Answer:
    """Part the terminal's answers from what was typed.

    Light is a relative brightness above one half.
    """
    found = _COLOUR.search(data)
    is_light = None
    if found is not None:
        red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
        is_light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5
    places = [int(column) for column in _PLACE.findall(data)]
    # A terminal that answers some only leaves open which.
    told = zip(GLYPHS_IN_DOUBT, places, strict=True) if len(places) == len(GLYPHS_IN_DOUBT) else ()
    wide = "".join(glyph for glyph, column in told if column > 2)
    rest = _PLACE.sub(b"", _KIND.sub(b"", _COLOUR.sub(b"", data))).decode("utf-8", "ignore")
    plain = _ESCAPES.sub("", rest).replace("\r", "\n")
    typed = "".join(char for char in plain if char == "\n" or char.isprintable())
    return Answer(is_light, wide, typed.strip("\n"))


def light_by_environment(environ: Mapping[str, str]) -> bool | None:
    """Read `COLORFGBG`, as some terminals set it; None if it says nothing."""
    *_, background = environ.get("COLORFGBG", "").split(";")
    if not background.isdigit():
        return None
    return background in _LIGHT_INDEXES


class BackgroundQuestion:
    """Sent when made, if there is a terminal to answer; `answer` puts its state back.

    Args:
        fd: Of the terminal, for reading and writing.
        environ: Says what kind of terminal it is.
    """

    def __init__(self, fd: int, environ: Mapping[str, str]) -> None:
        self._fd = fd
        self._is_remote = any(name.startswith("SSH_") for name in environ)
        self._state: list[Any] | None = None
        self._asked_at = time.monotonic()
        known = light_by_environment(environ)
        self._known = known
        if environ.get("TERM", "") not in _SILENT_KINDS and os.isatty(fd):
            self._ask()

    def _ask(self) -> None:
        try:
            self._state = termios.tcgetattr(self._fd)
            quiet = termios.tcgetattr(self._fd)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._fd, termios.TCSANOW, quiet)
            os.write(self._fd, QUESTION if self._known is None else _widths_asked() + KIND)
        except (OSError, termios.error):
            self._state = None

    def answer(self) -> Answer:
        """Read what came back; waits a moment for a terminal far away."""
        if self._state is None:
            return Answer(self._known)
        data = b""
        began = time.monotonic()
        limit = self._asked_at + (_PATIENCE_SSH_S if self._is_remote else _PATIENCE_S)
        try:
            while _KIND.search(data) is None:
                left = max(limit - time.monotonic(), 0)
                if not select.select([self._fd], [], [], left)[0]:
                    break
                piece = os.read(self._fd, 4096)
                if not piece:
                    break
                data += piece
        finally:
            # Not the flushing kind: it would throw away what is typed right now.
            termios.tcsetattr(self._fd, termios.TCSANOW, self._state)
        waited = time.monotonic() - began
        answer = replace(parse_answer(data), is_slow=self._is_slow(waited))
        return answer if self._known is None else replace(answer, is_light=self._known)

    def _is_slow(self, waited_s: float) -> bool:
        """Whether the answer took long; one that lay there already says nothing."""
        took = time.monotonic() - self._asked_at
        return self._is_remote and waited_s > _AT_ONCE_S and took > SLOW_S


def ask(environ: Mapping[str, str] | None = None) -> BackgroundQuestion:
    """Ask the terminal this process runs in."""
    return BackgroundQuestion(sys.stdin.fileno(), os.environ if environ is None else environ)
