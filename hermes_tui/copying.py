"""Copying what is said, and telling what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.terminal.clipboard import copy_text

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class Copying:
    """Copies texts of the conversation.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    def copy(self, text: str) -> None:
        """Copy a text and say in a toast where it went."""
        self._host.run_worker(self._copy(text))

    def copy_reply(self) -> None:
        """Copy the last reply as Markdown."""
        text = self._host.chat.state.last_reply
        if text:
            self.copy(text)
        else:
            self._host.tell("There is no reply to copy yet")

    async def _copy(self, text: str) -> None:
        host = self._host
        told = await copy_text(text, to_terminal=host.copy_to_clipboard)
        host.notify(told, timeout=3, markup=False)
