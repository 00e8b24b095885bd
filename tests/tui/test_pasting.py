"""Pictures from the clipboard, files named in a message, what is kept and what is not."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual import events

from hermes_core.commands import Submit
from hermes_core.messages import Attachment
from hermes_core.paths import Home
from hermes_tui.composing.attached_files import picture_at, save_picture, with_leading_files
from hermes_tui.composing.input_file import read_history
from hermes_tui.composing.pasting import Pasting
from hermes_tui.terminal.clipboard_image import Found, Surroundings, clipboard_image
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


def _here(
    folder: Path, *, system: str = "linux", is_wsl: bool = False, **environ: str
) -> Surroundings:
    return Surroundings(
        system=system,
        is_wsl=is_wsl,
        environ=environ,
        has=lambda name: (folder / name).exists(),
    )


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "clip.png").write_bytes(PNG)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.ac("clipboard-picture")
@pytest.mark.parametrize(
    ("name", "script", "here"),
    [
        # wl-clipboard(1) and xclip(1) print the bytes of the type that is asked for
        (
            "wl-paste",
            '[ "$2 $3" = "--type image/png" ] && cat {clip}',
            {"WAYLAND_DISPLAY": "wayland-0"},
        ),
        ("xclip", '[ "$3 $4" = "-target image/png" ] && cat {clip}', {"DISPLAY": ":0"}),
        ("pngpaste", '[ "$1" = "-" ] && cat {clip}', {"system": "darwin"}),
        # AppleScript prints raw data as «data PNGf…» in hexadecimal digits
        (
            "osascript",
            "printf '«data PNGf'; od -An -v -tx1 {clip} | tr -d ' \\n'; printf '»\\n'",
            {"system": "darwin"},
        ),
        ("powershell.exe", "base64 {clip}", {"is_wsl": True, "DISPLAY": ":0"}),
    ],
)
async def test_each_machine_is_asked_in_its_own_way(
    programs: Path, name: str, script: str, here: dict[str, str]
) -> None:
    _program(programs, name, script.format(clip=programs.parent / "clip.png"))
    if name == "powershell.exe":
        _program(programs, "xclip", "echo BM")  # what WSL gives to Linux programs
    assert await clipboard_image(_here(programs, **here)) == Found(PNG)  # type: ignore[arg-type]


@pytest.mark.ac("clipboard-picture")
async def test_no_picture_has_a_reason(programs: Path) -> None:
    async def reason(**here: str) -> str:
        return (await clipboard_image(_here(programs, **here))).reason  # type: ignore[arg-type]

    assert "wl-clipboard" in await reason(WAYLAND_DISPLAY="wayland-0")
    assert "xclip" in await reason(DISPLAY=":0")
    assert "no display" in await reason()
    assert "far machine's" in await reason(SSH_CONNECTION="1", DISPLAY=":0")
    _program(programs, "xclip", "echo 'Error: target image/png not available' >&2; exit 1")
    assert await reason(DISPLAY=":0") == "There is no picture in the clipboard"


@pytest.mark.ac("dropped-files")
@pytest.mark.parametrize(
    ("typed", "pictures", "text"),
    [
        ("{dir}/shot.png what is this", ["shot.png"], "what is this"),
        ('"{dir}/my shot.png" and so on', ["my shot.png"], "and so on"),
        ("{dir}/my\\ shot.png", ["my shot.png"], ""),
        ("file://{dir}/my%20shot.png see", ["my shot.png"], "see"),
        ("./shot.png './my shot.png' compare", ["shot.png", "my shot.png"], "compare"),
        ("~/shot.png hm", ["shot.png"], "hm"),
        ("{dir}/notes.txt fix", [], "[User attached file: {dir}/notes.txt]\nfix"),
        ("shot.png alone is a word", [], "shot.png alone is a word"),
        ("{dir}/absent.png hm", [], "{dir}/absent.png hm"),
        ("/Users/x/a.md fix", [], "/Users/x/a.md fix"),
        ("what about {dir}/shot.png", [], "what about {dir}/shot.png"),
    ],
)
def test_files_a_message_begins_with_go_with_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    pictures: list[str],
    text: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("shot.png", "my shot.png", "notes.txt"):
        (tmp_path / name).write_bytes(PNG)
    found = with_leading_files(typed.format(dir=tmp_path), tmp_path)
    assert [Path(picture.path).name for picture in found.pictures] == pictures
    assert found.text == text.format(dir=tmp_path)


def test_a_kept_picture_is_private_and_takes_no_ones_place(tmp_path: Path) -> None:
    now = datetime(2026, 11, 28, 9, 5, 1, tzinfo=UTC)
    first, second = (save_picture(PNG, tmp_path / "images", now) for _ in range(2))
    assert (first.name, second.name) == (
        "clip_20261128_090501.png",
        "clip_20261128_090501_2.png",
    )
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert picture_at("images/clip_20261128_090501.png", tmp_path) is not None


def _clipboard(stage: Stage, found: Found, text: str = "", **environ: str) -> None:
    async def picture(_: Mapping[str, str]) -> Found:
        return found

    stage.app.pasting = Pasting(stage.app, picture=picture, text=lambda: text, environ=environ)


@pytest.mark.ac("paste-picture")
async def test_a_pasted_picture_goes_with_the_message_and_text_is_put_in(home: Home) -> None:
    async with staged(home) as stage:
        composer = stage.app.chat.composer
        _clipboard(stage, Found(PNG), "not this")
        await stage.pilot.press("ctrl+v")
        await until(lambda: composer.attachments)
        path = Path(composer.attachments[0].path)
        assert path.parent == home.images
        await until(lambda: path.name in stage.shown_text())
        _clipboard(stage, Found(reason="none"), "some text")
        await stage.pilot.press("alt+v")
        await until(lambda: composer.draft == "some text")
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert (submit.text, [one.path for one in submit.attachments]) == ("some text", [str(path)])
        assert not composer.attachments


@pytest.mark.ac("paste-kept")
async def test_a_folded_paste_is_kept_and_a_line_with_a_secret_is_not(home: Home) -> None:
    async with staged(home) as stage:
        stage.app.chat.composer.area.take_paste("\n".join("abcdefg"))
        await until(lambda: home.pastes.is_dir() and list(home.pastes.glob("paste_1_*.txt")))
        kept = next(home.pastes.glob("paste_1_*.txt"))
        assert kept.read_text() == "\n".join("abcdefg")
        key = "sk-proj-" + base64.b32encode(b"canary" * 6).decode().strip("=")
        for line in (f"use {key} for it", "a plain line"):
            await stage.send(line)
        await until(lambda: read_history(home.input_history) == ["a plain line"])
        assert stage.app.history.entries == ("a plain line",)
        assert len(stage.session.sent(Submit)) == 2


async def test_codes_in_a_paste_or_an_earlier_input_never_reach_the_terminal(home: Home) -> None:
    async with staged(home) as stage:
        composer = stage.app.chat.composer
        stage.app.post_message(events.Paste("a\x1b[31mred\x9b2J\tב\u202e\x07\r\nb"))
        await until(lambda: composer.draft)
        assert composer.draft == "a[31mred2J\tב\nb"
        composer.set_draft("\x1b]0;title\x07 kept")
        await stage.pilot.pause()
        assert composer.draft == "]0;title kept"
        assert "\x1b" not in stage.shown_text()


@pytest.mark.ac("draft-moves-whole")
async def test_what_was_pasted_moves_with_the_draft_into_the_tab_that_opens_in_its_place(
    home: Home,
) -> None:
    text = "\n".join(f"line {number}" for number in range(8))
    picture = Attachment(path="/tmp/a.png", media_type="image/png")
    async with staged(home) as stage:
        stage.workspace.add_session("old", title="Old", events=turns.work_so_far())
        first = stage.app.chat
        stage.app.post_message(events.Paste(text))
        await until(lambda: "8 lines]" in first.composer.draft)
        first.composer.attach(picture)

        stage.app.resume("old")

        await until(lambda: stage.app.chat is not first)
        await until(lambda: stage.app.chat.state.has_content)
        composer = stage.app.chat.composer
        assert composer.draft.endswith("8 lines]")
        assert composer.whole_draft == text
        assert composer.attachments == (picture,)
        stage.app.post_message(events.Paste(text))
        await until(lambda: "#2 · 8 lines]" in composer.draft)
        assert composer.whole_draft == text + text


@pytest.mark.ac("draft-moves-whole")
async def test_a_draft_that_is_cleared_is_an_earlier_input_with_all_that_was_pasted(
    home: Home,
) -> None:
    text = "\n".join(f"line {number}" for number in range(8))
    async with staged(home) as stage:
        stage.app.post_message(events.Paste(text))
        await until(lambda: "8 lines]" in stage.app.chat.composer.draft)
        await stage.pilot.press("ctrl+c")
        await until(lambda: not stage.app.chat.composer.draft)
        await stage.pilot.press("up")
        await until(lambda: stage.app.chat.composer.whole_draft == text)
