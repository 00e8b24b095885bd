"""The app without the core, to be watched: `python -m tests.fakes.demo_app`.

Any message plays a turn; `ask` asks for a decision, `choose` asks a question, `fail`
fails.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hermes_core.commands import Answer, CoreCommand, Interrupt, Reply, Submit
from hermes_core.events import CoreEvent, MessageDelta, MessageFinished, TurnFinished
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import SkillInfo, Workspace
from hermes_tui.launch_state import LaunchState
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession, FakeWorkspace

PACE_S = 0.15
_running: set[asyncio.Task[None]] = set()


async def _play(session: FakeSession, text: str) -> None:
    await _slowly(session, turns.work_so_far(question=text))
    if text == "ask":
        session.say(*turns.waiting())
        return
    if text == "choose":
        session.say(turns.question())
        return
    words = turns.REPLY.split(" ")
    session.say(turns.writing("")[0])
    for word in words:
        session.say(MessageDelta(message_id="a1", text=f"{word} "))
        await asyncio.sleep(PACE_S / 5)
    session.say(*turns.finished())


async def _slowly(session: FakeSession, events: list[CoreEvent]) -> None:
    for event in events:
        session.say(event)
        await asyncio.sleep(PACE_S)


async def _end(session: FakeSession) -> None:
    session.say(
        MessageFinished(message_id="a1", role="assistant", text="Done as you said.", final=True),
        TurnFinished(turn_id="t1", outcome="completed", reason="text_response", duration_s=2.0),
    )


def react(session: FakeSession, command: CoreCommand) -> Reply | None:
    """Play a turn for each message."""
    if isinstance(command, Submit):
        text = command.text.strip().casefold()
        if text == "fail":
            session.say(*turns.failed())
        else:
            _start(_play(session, text if text in ("ask", "choose") else command.text))
        return Reply(ok=True)
    if isinstance(command, Interrupt):
        for task in _running:
            task.cancel()
        session.say(TurnFinished(turn_id="t1", outcome="interrupted", reason="interrupted"))
        return Reply(ok=True)
    if isinstance(command, Answer):
        _start(_end(session))
    return None


def _start(work: object) -> None:
    assert asyncio.iscoroutine(work)
    task: asyncio.Task[None] = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)


def main() -> None:
    """Run until it is left."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        workspace = FakeWorkspace(home, react=react)
        workspace.add_session("old", title="Release notes for 2.4", events=turns.writing("old"))
        workspace.installed = [SkillInfo(name="pytest-triage", description="why a test fails")]

        async def connect() -> Workspace:
            return workspace

        HermesApp(connect, LaunchState()).run()


if __name__ == "__main__":
    main()
