"""Taking pictures of the screen and holding them against those that were judged.

A picture is one SVG below `snapshots/`. `pytest --snapshot-update` draws them anew; without
it nothing is ever written there, and a picture that is missing fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.launch_state import ExitState, LaunchState
from tests.snapshot_location import SNAPSHOTS
from tests.support import until
from tests.tui.stage import NOW, STILL, Stage, build

Play = Callable[[Stage], Awaitable[None]]
CONFIG = """\
model:
  provider: demo
tui:
  watch: false
command_allowlist: ["npm install"]
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One state of the screen."""

    name: str
    play: Play
    """Brings the screen into the state."""
    words: tuple[str, ...]
    """What must be on the screen before its picture means anything."""
    sizes: tuple[tuple[int, int], ...] = ((80, 24),)
    themes: tuple[str, ...] = ("lamplight",)


class Shown(Protocol):
    """A program that can be looked at."""

    app: HermesApp
    pilot: Pilot[ExitState]

    def shown_text(self) -> str:
        """Everything that can be read on the screen."""
        ...


@dataclass
class CoreStage:
    """The program over the real core."""

    app: HermesApp
    pilot: Pilot[ExitState]

    def shown_text(self) -> str:
        """Everything that can be read on the screen, a line a row."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())


class Gallery:
    """Compares pictures; made by the fixture."""

    def __init__(self, request: pytest.FixtureRequest, attic: Path) -> None:
        self._draws_anew = bool(request.config.getoption("update_snapshots"))
        self._attic = attic
        self._wrong: list[str] = []

    async def compare(self, stage: Shown, name: str, words: tuple[str, ...]) -> None:
        """Take the picture once nothing moves any more."""
        await settle(stage)
        shown = stage.shown_text()
        for word in words:
            assert word in shown, f"{name}: {word!r} is not in\n{shown}"
        drawn = stage.app.export_screenshot(title="hermes")
        path = SNAPSHOTS / f"{name}.svg"
        if self._draws_anew:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(drawn, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != drawn:
            now = self._attic / f"{path.stem}.svg"
            now.write_text(drawn, "utf-8")
            what = "differs from" if path.exists() else "has no"
            self._wrong.append(f"{name} {what} picture in snapshots/; drawn now: {now}")

    def verdict(self) -> None:
        """Fail if any picture was not as it is kept."""
        assert not self._wrong, "\n".join(self._wrong)


async def settle(stage: Shown) -> None:
    """Wait until everything that was told is drawn."""
    await until(lambda: stage.app.chat.transcript.is_settled)
    for _ in range(3):
        await stage.pilot.pause()


def launch_of(theme: str = "lamplight", **more: Any) -> LaunchState:
    """A start in which nothing moves."""
    return replace(LaunchState(theme=theme, reduced_motion=True), **more)


@asynccontextmanager
async def on_stage(
    home: Home, *, size: tuple[int, int], launch: LaunchState | None = None
) -> AsyncIterator[Stage]:
    """The program over written events, with clocks that stand still."""
    app, workspace = build(home, launch=launch or launch_of(), clocks=STILL)
    for number, (title, age) in enumerate(
        [("Release notes for 2.4", 3 * 3600), ("Why is the staging deploy slow?", 90_000)]
    ):
        workspace.add_session(f"p{number}", title=title, at=NOW - age)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        await pilot.pause()
        yield Stage(app, pilot, workspace)


@asynccontextmanager
async def on_core(
    home: Home,
    *,
    size: tuple[int, int],
    prepare: Callable[[Host], Awaitable[None]] | None = None,
    launch: LaunchState | None = None,
) -> AsyncIterator[CoreStage]:
    """The program over the real core and its demo model.

    Args:
        home: Its home.
        size: Columns and rows.
        prepare: Fills the core before the screen opens its conversation.
        launch: How it begins.
    """
    home.config_file.write_text(CONFIG, "utf-8")

    async def connect() -> Workspace:
        host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
        if prepare is not None:
            await prepare(host)
        return CoreWorkspace(host, host.resolve().runtime)

    app = HermesApp(connect, launch or launch_of(), grace_s=0.0, clocks=STILL)
    async with app.run_test(size=size) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        await pilot.pause()
        yield CoreStage(app, pilot)
        await app.workspace.close()
