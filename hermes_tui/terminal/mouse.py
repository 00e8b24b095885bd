"""Switching the terminal's mouse reports on and off.

Without them the terminal selects text in its own way.
"""

from __future__ import annotations

_MODES = (1000, 1003, 1015, 1006)
"""Buttons, moves, and the two ways to write large coordinates, as the toolkit asks for."""


def mouse_sequence(*, is_on: bool) -> str:
    """Return what asks the terminal for mouse reports, or for none."""
    end = "h" if is_on else "l"
    return "".join(f"\x1b[?{mode}{end}" for mode in _MODES)
