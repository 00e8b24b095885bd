"""Skins are data: inheritance, remarks, errors with a line, and colours that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from hermes_skins.catalog import about_skins, builtin_skins, load_skin, parse_skin, skin_names
from hermes_skins.palette import skin_palette
from hermes_skins.schema import REFERENCE_COLOURS, Skin, SkinError
from hermes_themes.mixing import FLOORS, contrast, is_grey
from hermes_themes.roles import LAMPLIGHT, PAPER, ROLES

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


@pytest.mark.ac("skin-faults")
def test_unknown_keys_are_named_with_their_line_and_the_nearest_known_one() -> None:
    loaded = parse_skin("name: mine\ncolors: {ui_acent: '#fff'}\nwrdmark: []\n", "mine.yaml")

    assert loaded.remarks == (
        "mine.yaml line 3: unknown key wrdmark; did you mean wordmark?",
        "mine.yaml line 2: unknown key colors.ui_acent; did you mean ui_accent?",
    )


def test_a_broken_file_says_its_line(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("name: torn\ncolors: {a: [\nspinner: }\n", "utf-8")

    with pytest.raises(SkinError, match=r"torn\.yaml line 3"):
        load_skin("torn", tmp_path)

    (tmp_path / "tabs.yaml").write_text("name: tabs\ncolors:\n\tui_ok: '#fff'\n", "utf-8")
    with pytest.raises(SkinError, match=r"tabs\.yaml line 3: indented by a tab"):
        load_skin("tabs", tmp_path)

    (tmp_path / "old.yaml").write_bytes(b"name: old\nmark: \xe9\n")
    with pytest.raises(SkinError, match=r"old\.yaml line 2: not UTF-8 text"):
        load_skin("old", tmp_path)


def test_a_folder_is_no_skin(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()

    assert "folder" not in skin_names(tmp_path)


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


@pytest.mark.ac("skin-faults")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\ncolors:\n  ui_ok: '#0f0'\n  ui_accent: reddish", "line 4: colors.ui_accent"),
        ("name: a\nspinner:\n  frames: 字", "line 3: spinner.frames"),
        ("name: a\nart: [a, b, c, d]", "line 2: art"),
        ("name: a\n\nmode: dusk", "line 3: mode"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SkinError, match=rf"a\.yaml {said}"):
        parse_skin(text, "a.yaml")


def test_an_own_file_goes_before_a_shipped_skin_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "slate.yaml").write_text("name: slate\ndescription: mine\n", "utf-8")

    assert load_skin("slate", tmp_path).skin.description == "mine"
    assert skin_names(tmp_path).count("slate") == 1
    assert about_skins(tmp_path)["slate"] == "yours, in place of the shipped one"


def test_skins_extend_each_other_but_not_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\nextends: b\nmark: a\n", "utf-8")
    (tmp_path / "b.yaml").write_text("name: b\nextends: charizard\ngauge: '.:'\n", "utf-8")

    skin = load_skin("A", tmp_path).skin

    assert (skin.mark, skin.gauge, skin.branding.agent_name) == ("a", ".:", "Ember Agent")
    (tmp_path / "b.yaml").write_text("name: b\nextends: a\n", "utf-8")
    with pytest.raises(SkinError, match="in turn"):
        load_skin("a", tmp_path)


def test_an_older_name_of_a_colour_replaces_what_is_inherited_under_the_newer() -> None:
    skin = parse_skin("name: a\nextends: mono\ncolors: {ui_accent: '#FF8800'}", "a").skin

    assert skin_palette(skin).gold == "#FF8800"


SHIPPED_COLOURS = {
    "ares": "9F1C1C C7A96B DD4A3A 6B1717 F1E6CF DD4A3A C7A96B 4CAF50 EF5350 FFA726 F1E6CF",
    "mono": "555555 E6EDF3 AAAAAA 444444 C9D1D9 AAAAAA 888888 888888 CCCCCC 999999 C9D1D9",
    "slate": "4169E1 7EB8F6 8EA8FF 4B5563 C9D1D9 7EB8F6 8EA8FF 63D0A6 F7A072 E6A855 C9D1D9",
    "daylight": "2563EB 0F172A 1D4ED8 475569 111827 2563EB 0F766E 15803D B91C1C B45309 111827",
    "warm-lightmode": "8B6914 5C3D11 8B4513 8B7355 2C1810 8B4513 5C3D11 2E7D32 C62828 E65100",
    "poseidon": "2A6FB9 A9DFFF 5DB8F5 153C73 EAF7FF 5DB8F5 A9DFFF 4CAF50 EF5350 FFA726 EAF7FF",
    "sisyphus": "B7B7B7 F5F5F5 E7E7E7 4A4A4A D3D3D3 E7E7E7 D3D3D3 919191 E7E7E7 B7B7B7 F5F5F5",
    "ember": "C75B1D FFD39A F29C38 7A3511 FFF0D4 F29C38 FFD39A 4CAF50 EF5350 FFA726 FFF0D4",
}


@pytest.mark.ac("skins-shipped")
@pytest.mark.parametrize("name", SHIPPED_COLOURS)
def test_shipped_skins_have_the_colours_people_know_them_by(name: str) -> None:
    colours = builtin_skins()[name].colors

    for key, value in zip(REFERENCE_COLOURS, SHIPPED_COLOURS[name].split(), strict=False):
        assert colours[key] == f"#{value}", key


@pytest.mark.ac("skins-shipped")
def test_the_four_of_myth_have_their_own_voice_and_art() -> None:
    for name in ("ares", "poseidon", "sisyphus", "ember"):
        skin = builtin_skins()[name]
        spinner = skin.spinner
        assert (len(spinner.waiting_faces), len(spinner.thinking_faces)) == (5, 5)
        assert (len(spinner.thinking_verbs), len(spinner.wings)) == (8, 4)
        assert len(skin.art) == len(skin.wordmark) == 3
        assert cell_len(skin.branding.prompt_symbol) == 3
    assert builtin_skins()["sisyphus"].gauge == "▁▂▃▄▅"


@pytest.mark.parametrize("name", ["mono", "sisyphus"])
def test_in_grey_skins_a_warning_and_a_failure_are_greys_of_their_own(name: str) -> None:
    palette = skin_palette(builtin_skins()[name])

    assert is_grey(palette)
    for role in ("warn", "bad"):
        others = [getattr(palette, other) for other in ROLES if other != role]
        assert getattr(palette, role) not in others


OLDER_FILE = """
name: Harbour
description: written for the older program
tool_prefix: "┊"
tool_emojis: {terminal: "⚓"}
banner_logo: "[bold #00ffff]HARBOUR[/]"
banner_hero: "[dim]boat[/]"
layout: {banner: left}
colors:
  banner_border: "#2A6FB9"
  banner_text: "#EAF7FF"
  ui_accent: "#5DB8F5"
  status_bar_bg: "#1a1a2e"
  completion_menu_meta_current_bg: "#333355"
spinner:
  waiting_faces: ["(o_o)"]
  wings: [["<", ">"]]
branding:
  agent_name: Harbour Agent
  response_label: " ⚓ Harbour "
  prompt_symbol: "⚓ ❯ "
"""


@pytest.mark.ac("skins-older-files")
def test_a_skin_file_of_the_older_program_loads_as_it_is() -> None:
    loaded = parse_skin(OLDER_FILE, "harbour.yaml")

    assert loaded.remarks == ()
    assert loaded.skin.name == "harbour"
    assert loaded.skin.tool_prefix == "┊"
    assert weak_roles(loaded.skin) == []


def test_an_unknown_name_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(SkinError, match="there are: default, ares"):
        load_skin("nothing", tmp_path)
    with pytest.raises(SkinError):
        load_skin("../slate", tmp_path)
