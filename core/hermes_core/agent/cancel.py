"""One cancel token a turn, handed to every tool, subprocess and request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hermes_core.errors import Cancelled

_log = logging.getLogger(__name__)


class TurnCancel:
    """Set once, never cleared; the next turn gets a new one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether the turn was interrupted."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when the turn is interrupted."""
        await self._event.wait()

    def raise_if_set(self) -> None:
        """Raise `Cancelled` if the turn was interrupted."""
        if self._event.is_set():
            raise Cancelled

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when set, at once if it is; returns the function that unregisters."""
        if self._event.is_set():
            callback()
            return lambda: None
        self._callbacks.append(callback)

        def unregister() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unregister

    def set(self) -> None:
        """Interrupt. A second call does nothing."""
        if self._event.is_set():
            return
        self._event.set()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception:  # noqa: BLE001  one bad listener must not keep the others running
                _log.exception("a cancel callback failed")
