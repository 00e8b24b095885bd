"""What a one-shot question is made of."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hermes_core.errors import ConfigError, HermesError
from hermes_tui.core_link.installed_skills import skill_text
from hermes_tui.oneshot.question import read_question


def test_piped_text_stands_behind_the_query() -> None:
    asked = read_question("sum up", stdin=io.BytesIO(b" a\xff\n"))
    assert asked.text == "sum up\n\n<stdin>\na\ufffd\n</stdin>"
    assert read_question("sum up", stdin=io.BytesIO(b"  \n")).text == "sum up"
    assert read_question("", stdin=io.BytesIO(b"x")).text == "<stdin>\nx\n</stdin>"


def test_a_picture_named_twice_is_attached_once() -> None:
    Path("a.png").touch()
    asked = read_question("a.png what is it", image="a.png", stdin=io.BytesIO())
    assert asked.text == "what is it"
    assert [one.media_type for one in asked.attachments] == ["image/png"]
    assert Path(asked.attachments[0].path).is_absolute()


def test_a_first_word_that_is_no_file_stays_a_word() -> None:
    asked = read_question("gone.png was here", stdin=io.BytesIO())
    assert asked.text == "gone.png was here"
    assert asked.attachments == ()
    assert read_question("~nobody-there/a.png", stdin=io.BytesIO()).attachments == ()


def test_a_picture_of_a_user_who_is_not_there_is_not_found() -> None:
    with pytest.raises(HermesError, match="There is no picture ~nobody-there"):
        read_question("what", image="~nobody-there/a.png", stdin=io.BytesIO())


def test_a_picture_no_model_can_look_at_names_the_kinds_that_are() -> None:
    Path("a.bmp").touch()
    with pytest.raises(HermesError) as caught:
        read_question("what", image="a.bmp", stdin=io.BytesIO())
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
