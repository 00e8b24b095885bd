"""The toolkit's driver of terminals, with our filter before its parser."""

from __future__ import annotations

import os
import select
import signal
import time
from codecs import getincrementaldecoder

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from hermes_tui.terminal.key_parser import KeyParser
from hermes_tui.terminal.mouse_filter import MouseFilter
from hermes_tui.terminal.terminal_app import TerminalApp

_WAIT_S = 0.1
"""How long a lone escape may be the begin of a sequence."""
_BLOCK = 4096


class SteadyDriver(LinuxDriver):
    """Reads the terminal so that a malformed report changes nothing."""

    def run_input_thread(self) -> None:
        """Turn input into events until the program ends; runs in a thread of its own."""
        parser = KeyParser(self._debug)
        decoder = getincrementaldecoder("utf-8")("replace")
        reports = MouseFilter()
        while not self.exit_event.is_set():
            ready, _, _ = select.select([self.fileno], [], [], _WAIT_S)
            if ready:
                data = self._read()
                if not data:
                    os.kill(os.getpid(), signal.SIGHUP)  # the terminal is gone: leave in order
                    return
                text = reports.feed(decoder.decode(data))
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def process_message(self, message: Message) -> None:
        """Hand an event on; of a key the app knows before it has time to take it."""
        if isinstance(message, events.Key) and isinstance(self._app, TerminalApp):
            self._app.key_at = time.monotonic()
        super().process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _BLOCK)
        except OSError:
            return b""
