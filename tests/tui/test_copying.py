"""Copying: which way it goes, the very bytes, and what is said about it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hermes_core.events import MessageFinished, MessageStarted
from hermes_core.paths import Home
from hermes_tui.copying import Copying
from hermes_tui.terminal.clipboard import MAX_ENCODED_BYTES, clipboard_sequence, copy_text
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged

RAW = "\x1b]52;c;aGVsbG8=\x07"
IN_TMUX = "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"
IN_SCREEN = "\x1bP\x1b]52;c;aGVsbG8=\x07\x1b\\"
SSH = {"SSH_CONNECTION": "10.0.0.1 4000 10.0.0.2 22"}
TMUX = {"TMUX": "/tmp/tmux-1000/default,1,0"}
SCREEN = {"STY": "100.pts-1"}


class FakeClipboard:
    """A clipboard of this machine, or none."""

    def __init__(self, *, works: bool) -> None:
        self.works = works
        self.texts: list[str] = []

    def __call__(self, text: str) -> bool:
        """Take a text."""
        self.texts.append(text)
        return self.works


@pytest.mark.ac("copy-osc52")
@pytest.mark.parametrize(
    ("mode", "environ", "sent"),
    [
        ("auto", {}, RAW),
        ("auto", SSH, RAW),
        ("auto", TMUX, RAW + IN_TMUX),
        ("auto", SCREEN, IN_SCREEN),
        ("raw", TMUX, RAW),
        ("tmux", SSH, IN_TMUX),
        ("screen", SSH, IN_SCREEN),
        ("off", SSH, ""),
    ],
)
def test_each_mode_sends_its_form(mode: str, environ: dict[str, str], sent: str) -> None:
    assert clipboard_sequence("hello", mode, environ) == sent


def test_screen_gets_pieces_it_takes_that_join_to_the_whole() -> None:
    text = "x" * 5000
    pieces = clipboard_sequence(text, "auto", SCREEN).split("\x1b\\")
    assert max(len(piece) for piece in pieces) < 768
    joined = "".join(piece.removeprefix("\x1bP") for piece in pieces)
    assert joined == f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


@pytest.mark.ac("copy-order")
@pytest.mark.parametrize(
    ("environ", "works", "copies", "sends", "told"),
    [
        ({}, True, True, False, "Copied"),
        ({}, False, True, True, "Sent to terminal"),
        (SSH, True, False, True, "Sent to terminal"),
    ],
)
async def test_the_nearest_clipboard_is_taken_and_only_a_proven_copy_is_called_one(
    environ: dict[str, str], works: bool, copies: bool, sends: bool, told: str, tmp_path: Path
) -> None:
    clipboard, sent = FakeClipboard(works=works), list[str]()
    said = await copy_text(
        "hello", write=sent.append, file=tmp_path / "c", locally=clipboard, environ=environ
    )
    assert bool(clipboard.texts) is copies
    assert sent == ([RAW] if sends else [])
    assert said.split(" · ")[0] == told


@pytest.mark.ac("copy-too-long")
async def test_what_is_too_long_for_the_terminal_goes_to_a_private_file_that_is_named(
    tmp_path: Path,
) -> None:
    text, file, sent = "é" * MAX_ENCODED_BYTES, tmp_path / "cache" / "copied.txt", list[str]()
    told = await copy_text(text, write=sent.append, file=file, environ=SSH)
    assert sent == []
    assert str(file) in told
    assert file.read_text("utf-8") == text
    assert file.stat().st_mode & 0o777 == 0o600


async def test_without_any_clipboard_a_file_takes_it(tmp_path: Path) -> None:
    nothing, sent = FakeClipboard(works=False), list[str]()
    told = await copy_text(
        "hello", write=sent.append, file=tmp_path / "c", mode="off", locally=nothing, environ={}
    )
    assert sent == []
    assert told.startswith(f"No clipboard here; saved as {tmp_path / 'c'}")


async def test_the_toolkit_copies_our_way_by_the_chosen_mode(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        sent: list[str] = []
        stage.app.copying = Copying(stage.app, write=sent.append, environ={**SSH, **TMUX})
        stage.app.chosen.osc52 = "tmux"
        stage.app.copy_to_clipboard("hello")
        await until(lambda: sent == [IN_TMUX])
        await until(lambda: len(stage.app._notifications) == 1)
        assert [item.message for item in stage.app._notifications] == ["Sent to terminal"]


async def test_the_last_reply_is_copied_as_it_was_written(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        clipboard = FakeClipboard(works=True)
        stage.app.copying = Copying(stage.app, locally=clipboard, environ={})
        stage.session.say(*turns.work_so_far(), *turns.writing(), *turns.finished())
        await until(lambda: stage.app.chat.state.last_reply == turns.REPLY)
        stage.app.copying.copy_reply()
        await until(lambda: clipboard.texts == [turns.REPLY])


@pytest.mark.ac("copy-earlier")
async def test_an_earlier_reply_is_copied_by_its_number(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        clipboard = FakeClipboard(works=True)
        stage.app.copying = Copying(stage.app, locally=clipboard, environ={})
        for number in ("one", "two", "three"):
            stage.session.say(
                MessageStarted(message_id=number, role="assistant"),
                MessageFinished(message_id=number, role="assistant", text=f"Reply {number}."),
            )
        await until(lambda: stage.app.chat.state.last_reply == "Reply three.")
        await stage.send("/copy 2")
        await until(lambda: clipboard.texts == ["Reply two."])
        await stage.send("/copy")
        await until(lambda: clipboard.texts[1:] == ["Reply three."])
        await stage.send("/copy 4")
        await until(lambda: "fewer than 4 replies" in stage.shown_text())
        await stage.send("/copy all")
        await until(lambda: "“all” is no number" in stage.shown_text())
        assert len(clipboard.texts) == 2


@pytest.mark.ac("copy-selection")
@pytest.mark.parametrize(
    ("wanted", "ssh", "copied"),
    [("auto", False, True), ("auto", True, False), ("on", True, True), ("off", False, False)],
)
async def test_what_the_mouse_selects_is_copied_if_that_is_chosen(
    home: Home, monkeypatch: pytest.MonkeyPatch, wanted: str, ssh: bool, copied: bool
) -> None:
    if ssh:
        monkeypatch.setenv("SSH_CONNECTION", SSH["SSH_CONNECTION"])
    async with staged(home) as stage:
        clipboard = FakeClipboard(works=True)
        stage.app.copying = Copying(stage.app, locally=clipboard, environ={})
        stage.workspace.settings["tui.auto_copy"] = wanted
        stage.app.chosen.follow()
        stage.session.say(*turns.user(1, "Select me"))
        await until(lambda: stage.app.chat.transcript.is_settled)
        await until(lambda: "Select me" in stage.shown_text())
        rows = stage.shown_text().split("\n")
        y = next(row for row, text in enumerate(rows) if "Select me" in text)
        x = rows[y].index("Select me")
        await stage.pilot.mouse_down(offset=(x, y))
        await stage.pilot.hover(offset=(x + 9, y))
        await stage.pilot.mouse_up(offset=(x + 9, y))
        await until(lambda: bool(stage.app.screen.get_selected_text()))
        await stage.pilot.pause()
        if copied:
            await until(lambda: clipboard.texts)
        assert ("Select me" in "".join(clipboard.texts)) is copied
