"""Takes terminal control sequences out of text (ECMA-48, 7-bit and 8-bit forms)."""

from __future__ import annotations

import codecs
import re

_SEQUENCE = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]                        # CSI
    | (?: \x1b\] | \x9d ) [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )  # OSC: BEL or ST
    | (?: \x1b[PX^_] | [\x90\x98\x9e\x9f] ) [^\x1b\x9c]* (?: \x1b\\ | \x9c )  # DCS SOS PM APC
    | \x1b [ -/]+ [0-~]                                              # nF: character sets
    | \x1b [0-OQ-WYZ\\`-~]                                           # two bytes
    | [\x80-\x9f]                                                    # other 8-bit controls
    | \x1b                                                           # a broken start
    """,
    re.VERBOSE,
)
_INTRODUCER = re.compile(r"[\x1b\x80-\x9f]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OPEN_SEQUENCE = re.compile(
    r"""(?: \x1b | (?:\x1b\[|\x9b)[0-?]*[ -/]* | \x1b[ -/]+
      | (?:\x1b\]|\x9d)[^\x07\x1b\x9c]*\x1b? | (?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*\x1b?
    )\Z""",
    re.VERBOSE,
)
_LONGEST_OPEN_CHARS = 4096


def strip_controls(text: str) -> str:
    """Return `text` without control sequences and control characters.

    Line ends, tabs and carriage returns stay; `\\r\\n` becomes `\\n`.
    """
    if _INTRODUCER.search(text):
        text = _SEQUENCE.sub("", text)
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


class LiveText:
    """Turns bytes arriving in pieces into plain text.

    A character or control sequence cut in two is held back until the rest comes.
    Bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Return what is complete now; with `final` everything that is left."""
        text = self._held + self._decoder.decode(data, final)
        self._held = ""
        if not final:
            cut = self._open_from(text)
            text, self._held = text[:cut], text[cut:]
        return strip_controls(text)

    @staticmethod
    def _open_from(text: str) -> int:
        start = max(0, len(text) - _LONGEST_OPEN_CHARS)
        tail = text[start:]
        if _INTRODUCER.search(tail):
            found = _OPEN_SEQUENCE.search(tail)
            if found:
                return start + found.start()
        return len(text) - 1 if text.endswith("\r") else len(text)
