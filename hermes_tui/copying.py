"""Copying what is said, and telling what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hermes_core.paths import cache_folder
from hermes_tui.terminal.clipboard import copy_locally, copy_text

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_SHORT = 20
"""A longer remark than this is read, not glanced at."""


class Copying:
    """Copies texts of the conversation.

    Args:
        host: The program.
        write: Sends a control sequence.
        locally: Copies on this machine, see `copy_text`.
        environ: Of the process, for tests.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        write: Callable[[str], None] | None = None,
        locally: Callable[[str], bool] = copy_locally,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._host = host
        self._write = write or host.write_to_terminal
        self._locally = locally
        self._environ = environ

    def copy(self, text: str) -> None:
        """Copy a text and say in a toast where it went."""
        self._host.run_worker(self._copy(text))

    def copy_reply(self, number: int = 1) -> None:
        """Copy a reply as Markdown.

        Args:
            number: 1 for the newest, 2 for the one before it.
        """
        chat = self._host.chat
        text = chat.state.last_reply if number == 1 else chat.transcript.reply(number)
        if text:
            self.copy(text)
        elif number == 1:
            self._host.tell("There is no reply to copy yet")
        else:
            self._host.tell(f"There are fewer than {number} replies here")

    async def _copy(self, text: str) -> None:
        host = self._host
        try:
            told = await copy_text(
                text,
                write=self._write,
                file=cache_folder() / "copied.txt",
                mode=host.chosen.osc52,
                locally=self._locally,
                environ=self._environ,
                is_web=host.is_web,
            )
        except OSError as error:
            host.tell_error(f"Nothing was copied: {error}")
            return
        host.notify(told, timeout=3 if len(told) < _SHORT else 10, markup=False)
