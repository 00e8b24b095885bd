"""Where lines are printed: each one once, nothing is ever repainted."""

from __future__ import annotations

from collections.abc import Callable

from hermes_core.terminals.ansi import strip_controls
from hermes_widgets.fitting import clean

PROMPT = "> "


def plain(line: str) -> str:
    """Return one line of foreign text as any terminal or reader may be given it."""
    return clean(strip_controls(line).expandtabs(4)).rstrip()


class Page:
    """Prints lines and the prompt.

    Args:
        write: Puts text out and flushes it.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._is_in_line = False

    def say(self, text: str = "") -> None:
        """Print a text of one or several lines; a prompt that stands is left above it."""
        begin = "\n" if self._is_in_line else ""
        self._is_in_line = False
        self._write(begin + "".join(f"{plain(line)}\n" for line in text.split("\n")))

    def prompt(self, text: str = PROMPT) -> None:
        """Show that something can be typed; again only after something was printed."""
        if not self._is_in_line:
            self._is_in_line = True
            self._write(text)

    def typed(self, line: str, *, is_echoed: bool) -> bool:
        """Note that a line was typed behind the prompt.

        Args:
            line: What it said; printed where no terminal did.
            is_echoed: Whether a terminal showed it, line end included.

        Returns:
            Whether it stands on the page now.
        """
        was_printed = self._is_in_line and not is_echoed
        if was_printed:
            self._write(f"{plain(line)}\n")
        self._is_in_line = False
        return is_echoed or was_printed

    def end_line(self) -> None:
        """Leave a line that was begun, such as a prompt nothing was typed behind."""
        if self._is_in_line:
            self._is_in_line = False
            self._write("\n")

    def broken(self) -> None:
        """Note that the terminal wrote something into the line, such as `^C`."""
        self._is_in_line = True
