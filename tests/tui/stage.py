"""The app on a fake workspace, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual import events
from textual.pilot import Pilot

from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import SkillInfo, Workspace
from hermes_tui.launch_state import ExitState, LaunchState
from hermes_tui.session_state import Clocks
from tests.fakes.fake_session import FakeSession, FakeWorkspace, React
from tests.support import until

NOW = 1_750_000_000.0
"""Wall clock of snapshots."""
STILL = Clocks(steady=lambda: 1000.0, wall=lambda: NOW)
"""Clocks that stand still."""


@dataclass
class Stage:
    """What a test has in hand."""

    app: HermesApp
    pilot: Pilot[ExitState]
    workspace: FakeWorkspace

    @property
    def session(self) -> FakeSession:
        """The session of the shown conversation."""
        return self.workspace.sessions[self.app.chat.state.session_id]

    async def type(self, text: str) -> None:
        """Type characters as a person does."""
        # One key after the other, but one wait for all: a wait takes 40 ms.
        for char in text:
            key = {" ": "space", "/": "slash", "\n": "ctrl+j"}.get(char, char)
            self.app.post_message(events.Key(key, char if char.isprintable() else None))
        await self.pilot.pause()

    async def send(self, text: str) -> None:
        """Type and press Enter."""
        self.app.chat.composer.set_draft(text)
        await self.pilot.pause()
        self.app.chat.composer.close_menu()
        await self.pilot.press("enter")

    def shown_text(self) -> str:
        """Everything that can be read on the screen, a line a row."""
        screen = self.app.screen
        return "\n".join(strip.text for strip in screen._compositor.render_strips())


def build(
    home: Home,
    *,
    launch: LaunchState | None = None,
    react: React | None = None,
    quiet_s: float = 0.0,
    clocks: Clocks | None = None,
) -> tuple[HermesApp, FakeWorkspace]:
    """Return the app and its workspace, not running yet."""
    wall = (clocks or Clocks()).wall
    workspace = FakeWorkspace(home, react=react, wall=wall)
    workspace.settings["tui.typing_grace_ms"] = int(quiet_s * 1000)
    workspace.installed = [
        SkillInfo(name="pytest-triage", category="coding", description="find why a test fails"),
        SkillInfo(name="patent-search", category="research", state="off"),
        SkillInfo(name="hue-scenes", category="home", state="needs", needs="needs HUE_KEY"),
    ]

    async def connect() -> Workspace:
        return workspace

    app = HermesApp(connect, launch, grace_s=0.0, clocks=clocks)
    return app, workspace


@asynccontextmanager
async def staged(
    home: Home,
    *,
    size: tuple[int, int] = (100, 30),
    launch: LaunchState | None = None,
    react: React | None = None,
    quiet_s: float = 0.0,
    clocks: Clocks | None = None,
) -> AsyncIterator[Stage]:
    """Run the app until its first conversation is open."""
    app, workspace = build(home, launch=launch, react=react, quiet_s=quiet_s, clocks=clocks)
    async with app.run_test(size=size) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        # The start ends by giving the keyboard to the field: a key pressed before that is
        # a test of its own.
        await until(lambda: not any(one.group == "start" for one in app.workers))
        await pilot.pause()
        yield Stage(app, pilot, workspace)
