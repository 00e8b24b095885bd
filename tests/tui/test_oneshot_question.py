"""What a one-shot question is made of."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hermes_core.errors import ConfigError, HermesError
from hermes_tui.core_link.installed_skills import skill_text
from hermes_tui.oneshot.piped_input import MOST_BYTES, WAITING, piped_text
from hermes_tui.oneshot.question import read_question
from tests.support import until


def test_piped_text_stands_behind_the_query() -> None:
    assert read_question("sum up", piped="a").text == "sum up\n\n<stdin>\na\n</stdin>"
    assert read_question("sum up").text == "sum up"
    assert read_question("", piped="x").text == "<stdin>\nx\n</stdin>"


async def test_a_pipe_is_read_to_its_end_and_bytes_that_are_no_text_are_marked() -> None:
    out, into = os.pipe()
    reading = asyncio.create_task(piped_text(lambda _: None, descriptor=out))
    for piece in (b" first ", b"\xff", b" last\n"):
        os.write(into, piece)
        await asyncio.sleep(0)
    os.close(into)
    assert await reading == "first \ufffd last"
    os.close(out)


async def test_a_pipe_that_stays_silent_is_told_once_and_can_be_left() -> None:
    out, into = os.pipe()
    told: list[str] = []
    reading = asyncio.create_task(piped_text(told.append, descriptor=out, patience_s=0.0))
    await until(lambda: told)
    assert told == [WAITING]
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    os.close(into)
    os.close(out)


async def test_a_file_is_read_and_nothing_else_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("from a file\n")
    with (tmp_path / "notes").open() as file:
        assert await piped_text(lambda _: None, descriptor=file.fileno()) == "from a file"
    nothing = os.open(os.devnull, os.O_RDONLY)
    assert await piped_text(lambda _: None, descriptor=nothing) == ""
    os.close(nothing)


async def test_more_than_any_model_takes_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large").open("w+") as file:
        file.truncate(MOST_BYTES + 1)
        with pytest.raises(HermesError, match="larger than 16 MB"):
            await piped_text(lambda _: None, descriptor=file.fileno())


def test_a_picture_named_twice_is_attached_once() -> None:
    Path("a.png").touch()
    asked = read_question("a.png what is it", image="a.png")
    assert asked.text == "what is it"
    assert [one.media_type for one in asked.attachments] == ["image/png"]
    assert Path(asked.attachments[0].path).is_absolute()


def test_a_first_word_that_is_no_file_stays_a_word() -> None:
    asked = read_question("gone.png was here")
    assert asked.text == "gone.png was here"
    assert asked.attachments == ()
    assert read_question("~nobody-there/a.png").attachments == ()


def test_a_picture_of_a_user_who_is_not_there_is_not_found() -> None:
    with pytest.raises(HermesError, match="There is no picture ~nobody-there"):
        read_question("what", image="~nobody-there/a.png")


def test_a_picture_no_model_can_look_at_names_the_kinds_that_are() -> None:
    Path("a.bmp").touch()
    with pytest.raises(HermesError) as caught:
        read_question("what", image="a.bmp")
    assert "png" in caught.value.hint


def test_skills_are_joined_without_their_front_matter_and_unknown_ones_named() -> None:
    for name in ("one", "two"):
        path = Path("skills", name, "SKILL.md")
        path.parent.mkdir(parents=True)
        path.write_text(f"---\nname: {name}\n---\nDo {name}.\n\n---\nmore\n")
    folder = Path("skills")
    assert skill_text([folder], ()) == ""
    assert skill_text([folder], ("two", "one")) == (
        "# Skill: two\n\nDo two.\n\n---\nmore\n\n# Skill: one\n\nDo one.\n\n---\nmore"
    )
    with pytest.raises(ConfigError, match="no skill three") as caught:
        skill_text([folder], ("one", "three"))
    assert caught.value.hint == "Installed: one, two."
