"""Draws into a pipe that leads to a browser."""

from __future__ import annotations

import asyncio
import os

from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp


class TabDriver(WebDriver):
    """The toolkit's driver for browsers; the screen also ends with the server that draws it."""

    def start_application_mode(self) -> None:
        """Begin to draw."""
        self._program_loop = asyncio.get_running_loop()
        super().start_application_mode()

    def run_input_thread(self) -> None:
        """Take what the browser sends; when no more can come, leave."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            asyncio.run_coroutine_threadsafe(
                self._app._post_message(ExitApp()), loop=self._program_loop
            )

    def write(self, data: str) -> None:
        """Draw; nothing is drawn any more once the server has gone."""
        try:
            super().write(data)
        except BrokenPipeError:
            self._to_nowhere()

    def write_meta(self, data: dict[str, object]) -> None:
        """Tell the server something beside the picture."""
        try:
            super().write_meta(data)
        except BrokenPipeError:
            self._to_nowhere()

    def _to_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno)
        os.close(nowhere)
