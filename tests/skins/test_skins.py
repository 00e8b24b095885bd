"""Skins are data: inheritance, remarks, errors with a line, and colours that can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from hermes_skins.catalog import builtin_skins, load_skin, parse_skin, skin_names
from hermes_skins.palette import skin_palette
from hermes_skins.schema import Skin, SkinError
from hermes_themes.mixing import FLOORS, contrast
from hermes_themes.roles import LAMPLIGHT, PAPER

SHIPPED = ("default", "ares", "daylight", "ember", "mono", "poseidon", "sisyphus", "slate")


def weak_roles(skin: Skin) -> list[str]:
    """Roles of a skin below their floor on a plane where they are used."""
    palette = skin_palette(skin)
    return [
        f"{role} on {plane}"
        for role, floors in FLOORS.items()
        for plane, ratio in floors.items()
        if contrast(getattr(palette, role), getattr(palette, plane)) < ratio
    ]


@pytest.mark.ac("look-contrast")
@pytest.mark.parametrize("name", [*SHIPPED, "warm-lightmode"])
def test_a_shipped_skin_keeps_every_floor_of_contrast(name: str) -> None:
    skin = builtin_skins()[name]

    assert weak_roles(skin) == []
    palette = skin_palette(skin)
    for fill in ("gold", "warn", "bad", "ok", "info"):
        assert contrast(palette.ink, getattr(palette, fill)) >= 4.5
    for tint in ("add_row", "add_word", "del_row", "del_word"):
        assert contrast(palette.text, getattr(palette, tint)) >= 7


def test_nine_skins_ship_with_the_old_name_of_one_as_alias(tmp_path: Path) -> None:
    assert len(builtin_skins()) == 9
    assert next(iter(builtin_skins())) == "default"
    assert load_skin("Charizard", tmp_path).skin.name == "ember"


def test_the_default_skin_follows_the_terminal() -> None:
    skin = builtin_skins()["default"]

    assert skin_palette(skin) is LAMPLIGHT
    assert skin_palette(skin, terminal_is_dark=False) is PAPER
    assert skin_palette(replace(skin, mode="light")) is PAPER


def test_frames_of_every_spinner_have_equal_width() -> None:
    for skin in builtin_skins().values():
        assert {cell_len(frame) for frame in skin.spinner.frames} == {1}, skin.name
        assert cell_len(skin.tool_prefix) == cell_len(skin.mark) == 1


@pytest.mark.ac("skin-inherit")
def test_a_file_with_one_colour_inherits_the_rest() -> None:
    loaded = parse_skin(
        "name: mine\nextends: slate\ncolors:\n  ui_accent: '#FF8800'\n", "mine.yaml"
    )

    slate = builtin_skins()["slate"]
    assert loaded.remarks == ()
    assert loaded.skin.colors["ui_accent"] == "#FF8800"
    assert loaded.skin.colors["ui_ok"] == slate.colors["ui_ok"]
    assert loaded.skin.branding == slate.branding
    assert skin_palette(loaded.skin).gold == "#FF8800"
    assert weak_roles(loaded.skin) == []


def test_unknown_keys_are_named_with_the_nearest_known_one() -> None:
    loaded = parse_skin("name: mine\ncolors: {ui_acent: '#fff'}\nwrdmark: []\n", "mine.yaml")

    assert loaded.remarks == (
        "unknown key wrdmark; did you mean wordmark?",
        "unknown key colors.ui_acent; did you mean ui_accent?",
    )


def test_a_broken_file_says_its_line(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("name: torn\ncolors: {a: [\nspinner: }\n", "utf-8")

    with pytest.raises(SkinError, match=r"torn\.yaml line 3"):
        load_skin("torn", tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colors: {}", "needs a name"),
        ("- a", "is a mapping"),
        ("name: a\nmode: dusk", "dark, light or auto"),
        ("name: a\ncolors: 3", "colors must be a mapping"),
        ("name: a\nspinner: {wings: [1]}", "pairs"),
        ("name: a\nextends: nothing", "does not exist"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(SkinError, match=said):
        parse_skin(text, "a.yaml")


def test_an_unreadable_colour_is_refused() -> None:
    skin = parse_skin("name: a\ncolors: {ui_accent: reddish}", "a.yaml").skin

    with pytest.raises(SkinError, match="reddish"):
        skin_palette(skin)


def test_an_own_file_goes_before_a_shipped_skin_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "slate.yaml").write_text("name: slate\ndescription: mine\n", "utf-8")

    assert load_skin("slate", tmp_path).skin.description == "mine"
    assert skin_names(tmp_path).count("slate") == 1


def test_an_unknown_name_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(SkinError, match="there are: default, ares"):
        load_skin("nothing", tmp_path)
    with pytest.raises(SkinError):
        load_skin("../slate", tmp_path)
