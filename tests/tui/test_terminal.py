"""The terminal around the screen: background, stray output, title, bell, signals."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_core.events import TurnFinished, TurnStarted
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.launch_state import LaunchState
from hermes_tui.session_state import SessionState
from hermes_tui.terminal.terminal_background import (
    BACKGROUND,
    GLYPHS_IN_DOUBT,
    QUESTION,
    Answer,
    BackgroundQuestion,
    light_by_environment,
    parse_answer,
)
from hermes_tui.terminal.terminal_guard import POP_TITLE, PUSH_TITLE
from hermes_tui.terminal.terminal_link import TerminalLink, title_of
from hermes_widgets.drawing.cell_filters import PLAIN
from hermes_widgets.status_bar import StatusBar
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import build, staged

KIND = b"\x1b[?62;22c"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: the person's, the program's."""
    outer, inner = pty.openpty()
    yield outer, inner
    os.close(outer)
    os.close(inner)


@pytest.mark.ac("light-follows-terminal")
@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\x1b]11;rgb:ffff/fafa/f0f0\x1b\\" + KIND, Answer(True)),
        (b"\x1b]11;rgb:13/11/0e\x07" + KIND, Answer(False)),
        (b"\x1b]11;rgba:f/f/f/f\x07" + KIND, Answer(True)),
        (KIND, Answer(None)),
        (b"", Answer(None)),
        (b"fix\x1b]11;rgb:ffff/ffff/ffff\x07 it\x1b[A\r" + KIND, Answer(True, "", "fix it")),
    ],
)
def test_answers_of_terminals_are_told_from_typing(data: bytes, answer: Answer) -> None:
    assert parse_answer(data) == answer


def test_a_terminal_is_asked_and_has_its_state_back(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    before = termios.tcgetattr(inner)
    question = BackgroundQuestion(inner, {"TERM": "xterm-256color"})
    assert os.read(outer, 1000) == QUESTION
    os.write(outer, b"hel\x1b]11;rgb:ffff/ffff/ffff\x1b\\" + KIND)
    assert question.answer() == Answer(True, "", "hel")
    assert termios.tcgetattr(inner) == before


def test_a_silent_terminal_costs_a_moment_and_nothing_else(terminal: tuple[int, int]) -> None:
    _, inner = terminal
    assert BackgroundQuestion(inner, {"TERM": "xterm"}).answer() == Answer(None)


@pytest.mark.ac("calm-when-slow")
@pytest.mark.parametrize(("environ", "is_slow"), [({"SSH_TTY": "/dev/pts/3"}, True), ({}, False)])
def test_a_terminal_far_away_that_answers_late_is_slow(
    environ: dict[str, str], is_slow: bool, terminal: tuple[int, int]
) -> None:
    _, inner = terminal
    question = BackgroundQuestion(inner, {"TERM": "xterm", **environ})
    assert question.answer().is_slow is is_slow


def test_a_terminal_far_away_that_answers_in_time_is_not_slow(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    question = BackgroundQuestion(inner, {"TERM": "xterm", "SSH_TTY": "/dev/pts/3"})
    os.write(outer, KIND)
    assert not question.answer().is_slow


@pytest.mark.ac("calm-when-slow")
async def test_nothing_moves_on_a_slow_terminal_or_in_a_window_nobody_looks_at(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        app, bar = stage.app, stage.app.query_one(StatusBar)
        assert not bar.is_still
        assert not app.chat.transcript.reduced_motion
        app.app_focus = False
        await until(lambda: bar.is_still and app.chat.transcript.reduced_motion)
        app.app_focus = True
        await until(lambda: not (bar.is_still or app.chat.transcript.reduced_motion))
    async with staged(home, size=(80, 24), launch=LaunchState(reduced_motion=True)) as stage:
        bar = stage.app.query_one(StatusBar)
        assert bar.is_still
        assert stage.app.chat.transcript.reduced_motion
        assert stage.app.animation_level == "none"


def test_no_terminal_is_asked_that_cannot_answer(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    os.set_blocking(outer, False)
    assert BackgroundQuestion(inner, {"TERM": "dumb"}).answer() == Answer(None)
    with pytest.raises(BlockingIOError):
        os.read(outer, 10)


def test_a_background_that_is_known_is_not_asked_for(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    question = BackgroundQuestion(inner, {"TERM": "xterm", "COLORFGBG": "0;15"})
    assert BACKGROUND not in os.read(outer, 1000)
    os.write(outer, KIND)
    assert question.answer() == Answer(True)


def places(wide: str) -> bytes:
    """What a terminal answers that draws some glyphs two cells wide."""
    columns = (3 if glyph in wide else 2 for glyph in GLYPHS_IN_DOUBT)
    return b"".join(b"\x1b[7;%dR" % column for column in columns)


@pytest.mark.ac("plain-glyphs")
def test_glyphs_that_move_the_cursor_by_two_are_too_wide(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    question = BackgroundQuestion(inner, {"TERM": "xterm"})
    os.write(outer, b"a" + places("●…") + b"b" + KIND)
    assert question.answer() == Answer(None, "●…", "ab")
    assert parse_answer(b"\x1b[7;3R" + KIND) == Answer(None)


def test_each_glyph_in_doubt_has_a_plain_character() -> None:
    assert set(GLYPHS_IN_DOUBT) <= set(PLAIN)


@pytest.mark.parametrize(
    ("value", "is_light"), [("0;15", True), ("15;0", False), ("0;default;15", True), ("", None)]
)
def test_colorfgbg_is_read(value: str, is_light: bool | None) -> None:
    assert light_by_environment({"COLORFGBG": value}) is is_light


@pytest.mark.ac("stray-output")
def test_stray_output_goes_to_a_file_while_the_screen_is_up(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from hermes_tui.terminal.terminal_guard import guarded_terminal
with guarded_terminal(Path(sys.argv[1]) / "logs" / "terminal.log"):
    os.write(2, b"native warning\\n")
    os.system("echo a child")
    sys.__stderr__.write("[picture]")
    sys.__stderr__.flush()
os.write(2, b"[after]")
print("[out]")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == f"{PUSH_TITLE}[picture]{POP_TITLE}[after]"
    assert done.stdout == "[out]\n"
    assert (tmp_path / "logs" / "terminal.log").read_text() == "native warning\na child\n"


def test_the_screen_is_drawn_on_the_terminal_where_stderr_leads_elsewhere(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from hermes_tui.terminal.terminal_guard import guarded_terminal
with guarded_terminal(Path(sys.argv[1]) / "logs" / "terminal.log"):
    sys.__stderr__.write("[picture]")
print("an error", file=sys.stderr)
"""
    outer, inner = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=inner, stderr=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    os.close(inner)
    shown = os.read(outer, 1_000).decode()
    os.close(outer)
    assert shown == f"{PUSH_TITLE}[picture]{POP_TITLE}"
    assert done.stderr == "an error\n"


@pytest.mark.ac("window-closed")
def test_drawing_into_a_closed_window_is_no_error(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from hermes_tui.terminal.terminal_guard import guarded_terminal
with guarded_terminal(Path(sys.argv[1]) / "logs" / "terminal.log"):
    print("up", flush=True)
    sys.stdin.read(1)
    for stream in (sys.__stderr__, sys.__stdout__):
        stream.write("[picture]" * 20_000)
        stream.flush()
print("[out]")
sys.exit(7)
"""
    outer, inner = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=inner, stderr=inner,
    )  # fmt: skip
    shown = b""
    while b"up" not in shown:
        shown += os.read(outer, 1000)
    os.close(inner)
    os.close(outer)
    running.communicate(b"x")
    assert running.returncode == 7


@pytest.mark.ac("terminal-title")
async def test_the_title_says_whether_it_works_or_waits(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        said: list[str] = []
        stage.app.link = TerminalLink(stage.app, write=said.append)
        stage.session.say(*turns.work_so_far())
        await until(lambda: "\x1b]0;● fix the retry loop · hermes\x07" in said)
        stage.session.say(*turns.waiting())
        await until(lambda: said[-1] == "\x1b]0;? fix the retry loop · hermes\x07")
        await until(lambda: stage.app.is_modal_open and stage.app.screen.is_mounted)
        await stage.pilot.pause()


def test_a_title_holds_no_control_code() -> None:
    state = SessionState()
    state.title = "\x1b]0;evil\x07 name"
    assert "\x1b" not in title_of(state, [])
    assert "\x07" not in title_of(state, [])
    assert title_of(SessionState(), []) == "hermes"


@pytest.mark.ac("bell")
async def test_the_bell_rings_once_at_the_end_of_a_turn_if_that_is_wanted(home: Home) -> None:
    app, workspace = build(home)
    workspace.settings["display.bell_on_complete"] = True
    rung: list[int] = []
    app.link = TerminalLink(app, ring=lambda: rung.append(1))
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        session = workspace.sessions[app.chat.state.session_id]
        app.link.review()
        session.say(TurnStarted(turn_id="t1"))
        await until(lambda: app.chat.state.is_busy)
        session.say(TurnFinished(outcome="completed", reason="text_response", turn_id="t1"))
        await until(lambda: rung == [1])
        app.link.review()
        assert rung == [1]


@pytest.mark.ac("bench-first-size")
async def test_a_new_size_is_taken_at_once_and_one_right_behind_it_waits(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(home, size=(80, 24)) as stage:
        app, status = stage.app, stage.app.query_one(StatusBar)
        set_timer = app.set_timer
        monkeypatch.setattr(  # no wait ever ends
            app, "set_timer", lambda delay, call: set_timer(delay, call, pause=True)
        )
        app._resized_at = 0.0  # as if the last size were long ago
        await stage.pilot.resize_terminal(100, 30)
        await until(lambda: status.size.width == 100)
        app._resized_at = time.monotonic() + 60  # as if it had come just now
        await stage.pilot.resize_terminal(90, 28)
        await until(lambda: app._resize_timer is not None)
        assert status.size.width == 100
        app._check_resize()  # as the timer would
        await until(lambda: status.size.width == 90)


async def test_what_was_typed_before_the_prompt_is_the_draft(home: Home) -> None:
    async with staged(home, size=(80, 24), launch=LaunchState(typed="early")) as stage:
        assert stage.app.chat.composer.draft == "early"


async def test_a_broken_program_keeps_its_error_for_a_report(home: Home) -> None:
    async def broken() -> Workspace:
        raise ZeroDivisionError("planted")

    app = HermesApp(broken)
    with pytest.raises(Exception, match="planted"):
        async with app.run_test(size=(80, 24)):
            await until(lambda: app.failure is not None)
    assert isinstance(app.failure, ZeroDivisionError)


@pytest.mark.ac("terminal-restored")
def test_a_terminated_program_gives_the_terminal_back(home: Home, tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 80))
    before = termios.tcgetattr(inner)
    environ = {**os.environ, "TERM": "xterm-256color", "HERMES_OFFLINE": "1", "COLORFGBG": "15;0"}
    program = subprocess.Popen(
        [sys.executable, "-m", "hermes_tui"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environ,
        cwd=tmp_path,
        start_new_session=True,
    )
    seen = b""
    while b"ready" not in seen:
        seen += os.read(outer, 65536)
    program.send_signal(signal.SIGTERM)
    while b"Goodbye." not in seen:
        seen += os.read(outer, 65536)
    assert program.wait(20) == 0
    assert seen.rindex(b"\x1b[?1049l") > seen.rindex(b"\x1b[?1049h")
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    assert b"\x1b[?1000l" in seen
    assert termios.tcgetattr(inner) == before
    os.close(outer)
    os.close(inner)
