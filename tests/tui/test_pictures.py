"""The whole screen as a picture, at three sizes, dark and light, with clocks that stand still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from hermes_core.events import CoreEvent
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.launch_state import LaunchState
from hermes_tui.screens.approval import ApprovalScreen
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeWorkspace
from tests.support import until
from tests.tui.stage import NOW, STILL, build

Compare = Callable[..., bool]

SCENES: dict[str, list[CoreEvent]] = {
    "start": [],
    "busy": [*turns.work_so_far(), *turns.writing()],
    "done": [*turns.work_so_far(), *turns.writing(), *turns.finished()],
    "approval": [*turns.work_so_far(), *turns.waiting()],
    "error": turns.failed(),
}
WORDS = {
    "start": "hermes-4-405b via openrouter",
    "busy": "esc stops",
    "done": "$0.06",
    "approval": "Run this command?",
    "error": "The provider refused the key (401)",
}


async def _play(pilot: Pilot[Any], app: HermesApp, workspace: FakeWorkspace, scene: str) -> None:
    await until(lambda: app.is_ready and app.chat.state.runtime is not None)
    session = workspace.sessions[app.chat.state.session_id]
    session.say(*SCENES[scene])
    last = session.stored[-1].seq
    await until(lambda: app.chat.state.last_seq == last)
    if scene == "approval":
        await until(lambda: isinstance(app.screen, ApprovalScreen))
    if scene == "busy":
        app.chat.composer.set_draft("also check the callers in jobs/")
    await until(lambda: app.chat.transcript.is_settled)
    await pilot.pause()
    await pilot.pause()


@pytest.mark.ac("pictures")
@pytest.mark.parametrize("theme", ["lamplight", "paper"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["small", "usual", "wide"])
@pytest.mark.parametrize("scene", list(SCENES))
def test_the_screen_looks_as_it_was_judged(
    scene: str, size: tuple[int, int], theme: str, home: Home, snap_compare: Compare
) -> None:
    launch = LaunchState(theme=theme, reduced_motion=True)
    app, workspace = build(home, launch=launch, clocks=STILL)
    for number, (title, age) in enumerate(
        [("Release notes for 2.4", 3 * 3600), ("Why is the staging deploy slow?", 90_000)]
    ):
        workspace.add_session(f"p{number}", title=title, at=NOW - age)

    async def play(pilot: Pilot[Any]) -> None:
        await _play(pilot, app, workspace, scene)
        if size[0] >= 100:
            rows = app.screen._compositor.render_strips()
            assert WORDS[scene] in "\n".join(strip.text for strip in rows)

    assert snap_compare(app, terminal_size=size, run_before=play)


def test_the_fake_has_the_whole_workspace(home: Home) -> None:
    workspace: Workspace = FakeWorkspace(home)
    assert workspace.start_info().model
