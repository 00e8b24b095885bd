"""Control sequences that make a terminal tell its desktop something, or show progress.

Source: OSC 9 as iTerm2 documents it, OSC 99 as kitty does, OSC 777 as urxvt's notify
extension reads it; OSC 9;4 as Windows Terminal documents it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hermes_tui.terminal.wrapping import through
from hermes_widgets.fitting import clean

Dialect = Literal["9", "99", "777", ""]
_SILENT = frozenset({"", "dumb", "linux"})
_BY_VARIABLE: tuple[tuple[str, Dialect], ...] = (
    ("KITTY_WINDOW_ID", "99"),
    ("ITERM_SESSION_ID", "9"),
    ("GHOSTTY_RESOURCES_DIR", "9"),
    ("WEZTERM_PANE", "9"),
    ("VTE_VERSION", "777"),
)
_BY_TERM: tuple[tuple[str, Dialect], ...] = (
    ("xterm-kitty", "99"),
    ("foot", "777"),
    ("rxvt", "777"),
)
PROGRESS_ON = "\x1b]9;4;3;0\x07"
"""Something goes on, nobody knows how long."""
PROGRESS_OFF = "\x1b]9;4;0;0\x07"


def dialect_of(environ: Mapping[str, str]) -> Dialect:
    """Return which kind of notice the terminal understands, empty if none.

    An unknown terminal gets OSC 9: those that do not know it ignore it.
    """
    term = environ.get("TERM", "")
    if term in _SILENT:
        return ""
    for name, dialect in _BY_VARIABLE:
        if environ.get(name):
            return dialect
    return next((dialect for name, dialect in _BY_TERM if term.startswith(name)), "9")


def notice_sequence(title: str, body: str, environ: Mapping[str, str]) -> str:
    """Return what tells the desktop, wrapped for tmux or screen; empty if nothing can.

    Args:
        title: A few words; control codes are dropped.
        body: A line; control codes are dropped.
        environ: Tells which terminal this is.
    """
    # A field of OSC 777 ends at a semicolon, and OSC 9 would take digits for a command.
    title, body = clean(title).replace(";", ","), clean(body)
    match dialect_of(environ):
        case "":
            return ""
        case "99":
            head = through(f"\x1b]99;i=hermes:d=0;{title}\x07", environ)
            return head + through(f"\x1b]99;i=hermes:p=body;{body}\x07", environ)
        case "777":
            return through(f"\x1b]777;notify;{title};{body}\x07", environ)
        case _:
            return through(f"\x1b]9;{title}: {body}\x07", environ)
