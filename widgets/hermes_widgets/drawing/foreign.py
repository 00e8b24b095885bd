"""Foreign text made safe to draw: nothing in it moves the cursor or turns the line.

Text of the model, of tools and of files is data. Escape sequences of tool output
are taken out whole; single controls stay visible as a picture of themselves, so
that nothing hides in a line.
"""

from __future__ import annotations

import re

_SEQUENCES = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?"  # operating system commands
    "|\x1b[PX^_][^\x1b]*(?:\x1b\\\\)?"  # device control and other strings
    "|[\x1b\x9b]\\[?[0-?]*[ -/]*[@-~]"  # control sequences and two-byte escapes
)
_TABLE = (
    {code: 0x2400 + code for code in range(32)}
    | {0x7F: 0x2421}
    | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
    | dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
    | {0x2028: 0x20, 0x2029: 0x20}
)
_LINE_TABLE = {code: new for code, new in _TABLE.items() if code not in (0x09, 0x0A)}
TAB_CELLS = 4
MAX_LINE_CHARS = 4096


def visible(text: str) -> str:
    """Return `text` with every control but tab and line feed made visible."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_LINE_TABLE)


def one_line(text: str) -> str:
    """Return `text` on one line: white space collapsed, controls made visible."""
    return " ".join(visible(text).split())


def lines_of(text: str) -> list[str]:
    """Return the lines of some text, tabs expanded, each at most 4,096 characters."""
    found = []
    for line in visible(text).split("\n"):
        expanded = line.expandtabs(TAB_CELLS) if "\t" in line else line
        if len(expanded) > MAX_LINE_CHARS:
            expanded = expanded[:MAX_LINE_CHARS] + "…"
        found.append(expanded)
    return found


def output_lines(text: str) -> list[str]:
    """Return the lines of a program's output as a terminal would leave them.

    Escape sequences are gone, and of a line written over with carriage returns
    only the last writing is kept.
    """
    settled = []
    for line in _SEQUENCES.sub("", text).split("\n"):
        bare = line.rstrip("\r")
        settled.append(bare.rsplit("\r", 1)[-1] if "\r" in bare else bare)
    return lines_of("\n".join(settled))
