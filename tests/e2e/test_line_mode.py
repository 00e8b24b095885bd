"""The line mode on a real terminal: every flow, and not one control sequence."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Machine
from tests.e2e.pty_screen import PtyProgram
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(180)

AT_REST = "\n> "


class Lines:
    """Reads what was printed since the last answer, and answers."""

    def __init__(self, screen: PtyProgram) -> None:
        self.screen = screen
        self._read = 0

    @property
    def text(self) -> str:
        """Everything so far."""
        return self.screen.raw.decode().replace("\r\n", "\n")

    async def until(self, wanted: str) -> str:
        """Wait until something new says this; what came before it counts as read."""
        await self.screen.until(lambda _: wanted in self.text[self._read :], timeout_s=40)
        begin = self._read
        self._read = self.text.index(wanted, begin) + len(wanted)
        return self.text[begin : self._read]

    async def say(self, line: str, *, after: str = AT_REST) -> None:
        """Type a line once something stands there."""
        await self.until(after)
        self.screen.type(line + "\r")

    async def answer(self, line: str, *, then: str, after: str = "Answer") -> str:
        """Answer a question; a fresh one takes no answer yet, so it may ask again."""
        await self.until(after)
        asked_again = "please answer again"
        self.screen.type(line + "\r")
        while True:
            seen = self.text[self._read :]
            if then in seen:
                return await self.until(then)
            if asked_again in seen:
                await self.until(asked_again)
                await self.until(after)
                self.screen.type(line + "\r")
            await self.screen.until(lambda _: self.text[self._read :] != seen, timeout_s=40)  # noqa: B023  awaited at once

    def is_plain(self) -> bool:
        """Whether nothing steered the terminal: no escape, no return into a line."""
        raw = bytes(self.screen.raw)
        return b"\x1b" not in raw and b"\x08" not in raw and b"\r" not in raw.replace(b"\r\n", b"")


@pytest.mark.ac("line-mode-flows")
async def test_a_new_user_works_with_the_demo_in_lines(machine: Machine) -> None:
    letters = machine.work / "letters"
    letters.mkdir()
    (letters / "kept.txt").write_text("kept\n")
    async with machine.screen("--plain") as screen:
        lines = Lines(screen)
        await lines.answer("2", then=AT_REST)
        screen.type("run rm -rf letters\r")
        asked = await lines.until("4 deny")
        assert asked.count("working...") == 1
        assert "    rm -rf letters\n" in asked
        await lines.answer("4 not today", then="[denied] $ rm -rf letters")
        assert letters.is_dir()
        await lines.say("run rm -rf letters")
        await lines.answer("1", then="[ok] $ rm -rf letters")
        await until(lambda: not letters.exists())
        await lines.say("/rollback")
        await lines.answer("1", then="Restore this snapshot?")
        await lines.answer("1", then="Restored")
        await until(lambda: (letters / "kept.txt").is_file())
        await lines.say("/model")
        assert "  1 demo, " in await lines.until("Answer 1: ")
        screen.type("\r")
        await lines.until(AT_REST)
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        summary = await lines.until("tool calls)")
        assert "Resume with: hermes --resume " in summary
        assert "Messages: " in summary
        assert lines.is_plain()


@pytest.mark.ac("line-mode-flows")
async def test_questions_errors_and_leaving_in_the_middle(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    machine.extra["HERMES_TUI_PLAIN"] = "1"
    wanted = {"question": "Which one?", "choices": ["red", "blue"]}
    model_server.add(
        Reply(calls=[Call(name="clarify", arguments=wanted)]),
        say("Blue it is."),
        Reply(status=401, body={"error": {"message": "bad key"}}),
        Reply(calls=[Call(name="terminal", arguments={"command": "sleep 600"})]),
        Reply(calls=[Call(name="terminal", arguments={"command": "sleep 601"})]),
    )
    async with machine.screen() as screen:
        lines = Lines(screen)
        await lines.say("choose")
        await lines.answer("2", then="Hermes: Blue it is.")
        await lines.say("again")
        failed = await lines.until("Next: /retry")
        assert "Error: " in failed
        await lines.say("sleep now")
        await lines.until("working...")
        await until(lambda: sleeps("600"))
        os.kill(screen.pid, signal.SIGINT)  # what Ctrl+C does on a controlling terminal
        await lines.until("Stopped")
        await lines.say("sleep again")
        await lines.until("working...")
        await until(lambda: sleeps("601"))
        screen.press("ctrl+d")
        await lines.answer("2", then="Resume with: hermes --resume ")
        assert await screen.ended() == 0
        assert lines.is_plain()
    await until(lambda: not sleeps("601"))


def sleeps(seconds: str) -> bool:
    """Whether a process sleeps for so long."""
    wanted = f"sleep\0{seconds}\0".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (entry / "cmdline").read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


@pytest.mark.ac("line-mode-flows")
async def test_setting_up_from_the_line_mode(machine: Machine, model_server: ModelServer) -> None:
    model_server.add(say("Set up and here."))
    async with machine.screen("--plain") as screen:
        lines = Lines(screen)
        await lines.answer("1", then="Provider (number")
        screen.type("another\r")
        await lines.until("Address, e.g.")
        screen.type(f"{model_server.url}\r")
        await lines.until("Model (number")
        screen.type("\r")
        await lines.say("hello")
        await lines.until("Hermes: Set up and here.")
        await lines.until(AT_REST)
        screen.type("/quit\r")
        assert await screen.ended() == 0
        assert lines.is_plain()


@pytest.mark.ac("line-mode-start")
async def test_lines_of_a_pipe_are_turns_and_the_log_says_who_spoke(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("One."), say("Two."))
    done = await machine.run(stdin="first\nsecond\n")
    assert done.code == 0, done.err
    assert "\x1b" not in done.out
    order = [done.out.index(text) for text in ("first", "Hermes: One.", "> second", "Hermes: Two.")]
    assert order == sorted(order)
    again = await machine.run("-c", "--plain", stdin="")
    assert "Resumed session " in again.out
    assert "Hermes: Two." in again.out


@pytest.mark.ac("line-mode-start")
async def test_a_script_without_a_model_is_told_how_to_get_one(machine: Machine) -> None:
    done = await machine.run(stdin="hello\n")
    assert done.code == 3
    assert done.out == ""
    assert "hermes setup" in done.err
