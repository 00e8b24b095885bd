"""Notices for the person who looks elsewhere: when, which bytes, and how much they tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from hermes_core.events import MessageFinished, QuestionAsked, TurnFinished, TurnStarted
from hermes_core.paths import Home
from hermes_tui.notifying import CommandFailed, Notifying, run_command
from hermes_tui.session_state import Clocks
from hermes_tui.terminal.desktop_notice import PROGRESS_OFF, PROGRESS_ON, notice_sequence
from hermes_tui.terminal.terminal_link import TerminalLink
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.stage import build

ITERM = {"TERM": "xterm-256color", "ITERM_SESSION_ID": "w0t0p0"}
Outcome = Literal["completed", "partial", "failed", "interrupted"]
DONE = "\x1b]9;hermes: fix the retry loop finished\x07"


class FakeTime:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class Elsewhere:
    """The program while the person looks at another window."""

    def __init__(self, home: Home, **settings: object) -> None:
        self.time = FakeTime()
        clocks = Clocks(steady=self.time, wall=lambda: 1_750_000_000.0)
        self.app, self.workspace = build(home, clocks=clocks)
        self.workspace.settings.update(settings)
        self.sent: list[str] = []
        self.ran: list[tuple[str, bytes]] = []
        self.app.notifying = Notifying(
            self.app, write=self.sent.append, run=self._run, environ=ITERM
        )

    async def _run(self, command: str, data: bytes) -> None:
        self.ran.append((command, data))

    @property
    def session(self) -> FakeSession:
        """The session of the shown conversation."""
        return self.workspace.sessions[self.app.chat.state.session_id]

    async def turn(self, seconds: float, *, outcome: Outcome = "completed") -> None:
        """Let a turn take a while, until the screen knows that it is over."""
        state = self.app.chat.state
        turns_before = state.turns
        self.session.say(*turns.user(1, "go on"), TurnStarted(turn_id="t1"))
        await until(lambda: state.turn_started is not None)
        self.app.notifying.review()
        self.time.now += seconds
        self.session.say(
            MessageFinished(message_id="a9", role="assistant", text="It is\n\x1b[31mmended."),
            TurnFinished(outcome=outcome, reason="text_response", turn_id="t1"),
        )
        await until(lambda: state.turns == turns_before + 1)
        self.app.notifying.review()


@asynccontextmanager
async def elsewhere(home: Home, **settings: object) -> AsyncIterator[Elsewhere]:
    """Run the program until its conversation has a title, then look away."""
    stage = Elsewhere(home, **settings)
    async with stage.app.run_test(size=(80, 24)):
        await until(lambda: stage.app.is_ready and stage.app.chat.state.runtime is not None)
        stage.app.chat.state.title = "fix the retry loop"
        stage.app.app_focus = False
        yield stage


@pytest.mark.ac("notice-bytes")
@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        (ITERM, "\x1b]9;hermes: a; b\x07"),
        (
            {"TERM": "xterm-kitty"},
            "\x1b]99;i=hermes:d=0;hermes\x07\x1b]99;i=hermes:p=body;a; b\x07",
        ),
        ({"TERM": "foot-extra"}, "\x1b]777;notify;hermes;a; b\x07"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;hermes;a; b\x07"),
        ({"TERM": "xterm-256color"}, "\x1b]9;hermes: a; b\x07"),
        (
            {"TERM": "tmux-256color", "TMUX": "/tmp/t,1,0"},
            "\x1bPtmux;\x1b\x1b]9;hermes: a; b\x07\x1b\\",
        ),
        ({"TERM": "linux"}, ""),
        ({"TERM": "dumb"}, ""),
        ({}, ""),
    ],
)
def test_each_terminal_is_told_in_its_own_way(environ: dict[str, str], sent: str) -> None:
    assert notice_sequence("hermes", "a; b", environ) == sent


def test_a_notice_holds_no_control_code_of_its_text() -> None:
    sent = notice_sequence("a;\x1b]0;b", "c\x07\x1b\\\nd", ITERM)
    assert sent == "\x1b]9;a,]0,b: c\\ d\x07"


@pytest.mark.ac("notice-when")
async def test_a_long_turn_that_ends_elsewhere_is_told_once_without_what_was_said(
    home: Home,
) -> None:
    async with elsewhere(home) as stage:
        await stage.turn(11)
        assert stage.sent == [DONE]
        stage.app.notifying.review()
        assert stage.sent == [DONE]


@pytest.mark.ac("notice-when")
@pytest.mark.parametrize(
    ("seconds", "focused", "settings", "told"),
    [
        (9, False, {}, False),
        (11, True, {}, False),
        (11, True, {"tui.notify": "always"}, True),
        (11, False, {"tui.notify": "off"}, False),
        (3, False, {"tui.notify_after": 2}, True),
    ],
)
async def test_short_turns_watched_ones_and_a_no_are_silent(
    home: Home, seconds: float, focused: bool, settings: dict[str, object], told: bool
) -> None:
    async with elsewhere(home, **settings) as stage:
        stage.app.app_focus = focused
        await stage.turn(seconds)
        assert stage.sent == ([DONE] if told else [])


async def test_a_failed_turn_says_so_and_an_interrupted_one_nothing(home: Home) -> None:
    async with elsewhere(home) as stage:
        await stage.turn(11, outcome="interrupted")
        assert stage.sent == []
        await stage.turn(11, outcome="failed")
        assert stage.sent == ["\x1b]9;hermes: fix the retry loop stopped with an error\x07"]


@pytest.mark.ac("notice-content")
async def test_what_was_said_is_in_the_notice_only_if_that_is_chosen(home: Home) -> None:
    async with elsewhere(home, **{"tui.notify_content": True}) as stage:
        await stage.turn(11)
        assert stage.sent == ["\x1b]9;hermes: fix the retry loop finished: It is [31mmended.\x07"]


async def test_a_question_is_told_however_short_the_turn_is(home: Home) -> None:
    async with elsewhere(home) as stage:
        asked = QuestionAsked(request_id="q1", kind="text", question="Which branch?")
        stage.session.say(TurnStarted(turn_id="t1"), asked)
        await until(lambda: bool(stage.sent))
        assert stage.sent == ["\x1b]9;hermes: fix the retry loop has a question\x07"]


async def test_an_untitled_conversation_does_not_tell_its_first_words(home: Home) -> None:
    async with elsewhere(home) as stage:
        stage.app.chat.state.title = ""
        await stage.turn(11)
        assert stage.sent == ["\x1b]9;hermes: A conversation finished\x07"]


@pytest.mark.ac("notice-rate")
async def test_two_notices_are_a_second_apart(home: Home) -> None:
    async with elsewhere(home, **{"tui.notify_after": 0}) as stage:
        await stage.turn(0)
        await stage.turn(0.2, outcome="failed")
        assert stage.sent == [DONE]
        await until(lambda: len(stage.sent) == 2)
        assert stage.sent[1].endswith("stopped with an error\x07")


@pytest.mark.ac("notice-command")
async def test_a_command_is_told_instead_and_gets_json(home: Home) -> None:
    async with elsewhere(home, **{"tui.notify_command": "tell-me --now"}) as stage:
        await stage.turn(11)
        await until(lambda: bool(stage.ran))
        command, data = stage.ran[0]
        assert command == "tell-me --now"
        assert json.loads(data) == {
            "kind": "finished",
            "session_id": stage.app.chat.state.session_id,
            "title": "fix the retry loop",
            "content": "",
            "text": "fix the retry loop finished",
        }
        assert stage.sent == []


async def test_the_command_runs_without_a_shell_with_the_notice_on_its_input(
    tmp_path: Path,
) -> None:
    target = tmp_path / "a name"
    await run_command(f"tee '{target}' '$HOME'", b'{"kind": "finished"}')
    assert target.read_bytes() == b'{"kind": "finished"}'


@pytest.mark.parametrize("command", ["no-such-program-here", "false", "'open"])
async def test_a_command_that_cannot_tell_is_an_error(command: str) -> None:
    with pytest.raises(CommandFailed):
        await run_command(command, b"{}")


async def test_a_broken_command_is_told_once(home: Home) -> None:
    tried: list[str] = []

    async def broken(command: str, data: bytes) -> None:
        tried.append(command)
        raise CommandFailed("it ended with 3")

    async with elsewhere(home, **{"tui.notify_command": "broken"}) as stage:
        stage.app.notifying = Notifying(stage.app, run=broken, environ=ITERM)
        await stage.turn(11)
        await until(lambda: _shown(stage, "it ended with 3") == 1)
        await stage.turn(11)
        await until(lambda: len(tried) == 2 and not _telling(stage))
        assert _shown(stage, "it ended with 3") == 1


def _telling(stage: Elsewhere) -> bool:
    return any(worker.group == "notify" for worker in stage.app.workers)


def _shown(stage: Elsewhere, text: str) -> int:
    strips = stage.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips).count(text)


@pytest.mark.ac("terminal-progress")
async def test_the_progress_mark_runs_with_a_turn_if_chosen_and_is_taken_back(home: Home) -> None:
    app, workspace = build(home)
    workspace.settings["tui.terminal_progress"] = True
    said: list[str] = []
    app.link = TerminalLink(app, write=said.append)
    marks = (PROGRESS_ON, PROGRESS_OFF)
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        session = workspace.sessions[app.chat.state.session_id]
        session.say(TurnStarted(turn_id="t1"))
        await until(lambda: PROGRESS_ON in said)
        session.say(TurnFinished(outcome="completed", reason="text_response", turn_id="t1"))
        await until(lambda: PROGRESS_OFF in said)
        session.say(TurnStarted(turn_id="t2"))
        await until(lambda: said.count(PROGRESS_ON) == 2)
    assert [item for item in said if item in marks] == [*marks, *marks]


async def test_the_progress_mark_is_off_unless_chosen(home: Home) -> None:
    async with elsewhere(home) as stage:
        said: list[str] = []
        stage.app.link = TerminalLink(stage.app, write=said.append)
        stage.session.say(TurnStarted(turn_id="t1"))
        await until(lambda: any("● " in item for item in said))
        assert PROGRESS_ON not in said
