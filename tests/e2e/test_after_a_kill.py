"""What is left of a conversation whose program was killed in the middle of a turn."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer

pytestmark = pytest.mark.timeout(300)


@pytest.mark.ac("kill-keeps-steps")
async def test_every_finished_step_is_shown_once_after_a_kill(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    (machine.work / "notes.txt").write_text("remember the milk\n")
    model_server.add(
        Reply(
            text=["First I read."],
            calls=[Call(name="read_file", arguments={"path": "notes.txt"})],
        ),
        Reply(
            text=["Then I count."],
            calls=[Call(name="terminal", arguments={"command": "wc -l notes.txt"})],
        ),
        Reply(text=["And now I", " say", " more"], gates={3: "never"}),
    )
    async with machine.screen(columns=120, rows=50) as screen:
        await screen.until("● ready")
        screen.type("work on it")
        screen.press("enter")
        await screen.until("And now I say")
        os.killpg(screen.pid, signal.SIGKILL)
        await screen.ended()

    model_server.add(say("Going on."))
    async with machine.screen("-c", columns=120, rows=50) as screen:
        shown = await screen.until("Then I count.")
        await screen.until("● ready")
        left = "\n".join(line[:92] for line in screen.text.splitlines())
        for once in ("work on it", "First I read.", "Then I count."):
            assert left.count(f"  {once}") + left.count(f"▌ {once}") == 1, left
        assert left.count("wc -l notes.txt") == 1
        assert left.index("First I read.") < left.index("notes.txt")
        assert left.index("Then I count.") < left.index("wc -l")
        screen.type("go on")
        screen.press("enter")
        await screen.until("Going on.")
    assert shown
    roles = [message["role"] for message in model_server.request.json["messages"]]
    assert roles.count("tool") == 2
    assert roles[-1] == "user"
