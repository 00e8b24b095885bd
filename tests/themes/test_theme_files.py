"""Theme files: a few colours make a palette that can be read."""

from __future__ import annotations

import pytest

from hermes_themes.files import ThemeError, parse_theme
from hermes_themes.mixing import FLOORS, contrast
from hermes_themes.roles import LAMPLIGHT, PAPER


def test_a_few_colours_make_a_whole_palette_above_the_floors() -> None:
    palette, remarks = parse_theme("name: sea\nbackground: '#001018'\nprimary: '#103060'\n", "f")

    assert remarks == ()
    assert (palette.name, palette.canvas, palette.dark) == ("sea", "#001018", True)
    assert palette.gold != "#103060"
    for role, floors in FLOORS.items():
        for plane, ratio in floors.items():
            assert contrast(getattr(palette, role), getattr(palette, plane)) >= ratio


def test_missing_colours_come_from_the_tuned_palette_of_the_mode() -> None:
    assert parse_theme("name: a", "f")[0].info == LAMPLIGHT.info
    assert parse_theme("name: a\ndark: false", "f")[0].canvas == PAPER.canvas


def test_unknown_keys_are_named_with_the_nearest() -> None:
    assert parse_theme("name: a\nprimry: '#fff'", "f")[1] == (
        "f line 2: unknown key primry; did you mean primary?",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nb: [", "sea.yaml line 2"),
        ("name: a\nsince: 2024-13-45", "sea.yaml: month must be in 1..12"),
        ("primary: '#fff'", "with a name"),
        ("name: a\nprimary: blue", "line 2: primary: not a colour"),
    ],
)
def test_a_broken_file_says_where(text: str, said: str) -> None:
    with pytest.raises(ThemeError, match=said):
        parse_theme(text, "sea.yaml")
