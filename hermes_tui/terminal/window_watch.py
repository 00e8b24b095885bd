"""Notices that the window was closed.

A signal tells it only to the program the terminal belongs to. Started in any other way,
by a terminal inside an editor for instance, the program reads the end of its input over
and over, and would run on unseen for ever.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable


def watch_window(terminal: int, closed: Callable[[], None]) -> None:
    """Call back, once and from a thread, when the other side of a terminal is gone.

    Costs nothing while it waits. Where the system cannot tell this of terminals, it is
    never called.

    Args:
        terminal: The descriptor of the terminal.
        closed: Called from the thread; must not block.
    """
    waiting = select.poll()
    waiting.register(terminal, 0)  # nothing but its end

    def watch() -> None:
        for _, what in waiting.poll():
            if what & select.POLLHUP:
                closed()

    threading.Thread(target=watch, name="window watch", daemon=True).start()
