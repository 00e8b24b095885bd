"""The line mode on a fake workspace, its input in a pipe, for the tests of this folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hermes_core.paths import Home
from hermes_tui.launch_state import ExitState
from hermes_tui.plain.line_mode import LineMode
from hermes_tui.plain.page import Page
from hermes_tui.plain.typed_lines import TypedLines
from tests.fakes.fake_session import FakeSession, FakeWorkspace, React
from tests.support import until


class Stage:
    """The line mode with its input in a pipe and its output in a list."""

    def __init__(self, home: Home, *, grace_s: float = 0.0, react: React | None = None) -> None:
        self.written: list[str] = []
        self._out, self._in = os.pipe()
        self.lines = TypedLines(self._out)
        self.workspace = FakeWorkspace(home, react=react)
        self.workspace.settings["tui.confirm_exit"] = "when busy"
        self.mode = LineMode(self.workspace, Page(self.written.append), self.lines, grace_s=grace_s)

    @property
    def text(self) -> str:
        """Everything printed."""
        return "".join(self.written)

    @property
    def session(self) -> FakeSession:
        """The conversation."""
        return self.workspace.sessions[self.mode.door.state.session_id]

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._in, f"{text}\n".encode())

    def end(self) -> None:
        """End the input."""
        if self._in >= 0:
            os.close(self._in)
            self._in = -1

    def close(self) -> None:
        """Free the pipe."""
        self.end()
        self.lines.close()
        os.close(self._out)

    async def shows(self, text: str) -> None:
        """Wait until something is printed."""
        try:
            await until(lambda: text in self.text)
        except TimeoutError:
            raise AssertionError(f"never printed: {text}\n{self.text}") from None


@asynccontextmanager
async def staged(
    home: Home, *, grace_s: float = 0.0, react: React | None = None
) -> AsyncIterator[Stage]:
    """Run the line mode until the input ends."""
    stage = Stage(home, grace_s=grace_s, react=react)
    running: asyncio.Task[ExitState] = asyncio.create_task(stage.mode.run(None))
    try:
        await stage.shows("> ")
        yield stage
        stage.mode.finish()
        await running
    finally:
        running.cancel()
        stage.close()
