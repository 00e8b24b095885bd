"""The built-in palettes keep the floors of contrast, and mixing makes more that do."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from hermes_themes.few_colours import SIXTEEN, in_256
from hermes_themes.mixing import FLOORS, HUES, contrast, derive, lifted, mix, rgb
from hermes_themes.roles import LAMPLIGHT, PALETTES, ROLES, Palette
from hermes_themes.variables import theme_fields, variables


def below_floor(palette: Palette) -> list[str]:
    """Every role that is too weak on a plane where it is used."""
    found = []
    for role, floors in FLOORS.items():
        for plane, ratio in floors.items():
            reached = contrast(getattr(palette, role), getattr(palette, plane))
            if reached < ratio:
                found.append(f"{role} on {plane}: {reached:.2f} < {ratio}")
    for fill in ("gold", "warn", "bad", "ok", "info"):
        if contrast(palette.ink, getattr(palette, fill)) < 4.5:
            found.append(f"ink on {fill}")
    for row, word in (("add_row", "add_word"), ("del_row", "del_word")):
        for tint in (row, word):
            if contrast(palette.text, getattr(palette, tint)) < 7.0:
                found.append(f"text on {tint}")
    return found


@pytest.mark.ac("look-contrast")
@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda item: item.name)
def test_a_built_in_palette_keeps_every_floor(palette: Palette) -> None:
    assert below_floor(palette) == []


def test_the_check_of_floors_finds_a_weak_colour() -> None:
    weak = replace(LAMPLIGHT, faint="#5A5448")

    assert any(line.startswith("faint on canvas") for line in below_floor(weak))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert round(contrast(LAMPLIGHT.text, LAMPLIGHT.canvas), 1) == 15.0
    assert round(contrast(LAMPLIGHT.gold, LAMPLIGHT.raised), 1) == 10.0


def test_lifting_stops_at_the_first_mix_that_passes() -> None:
    colour = lifted("#444444", "#FFFFFF", [("#000000", 4.5)])

    assert 4.5 <= contrast(colour, "#000000") < 5.2
    assert lifted(colour, "#FFFFFF", [("#000000", 4.5)]) == colour


@pytest.mark.ac("look-contrast")
def test_any_mix_of_canvas_text_and_hues_keeps_the_floors() -> None:
    shades = ("#000000", "#13110E", "#404850", "#B0B8C0", "#FFFFFF")
    for canvas, text, hue in itertools.product(shades, shades, ("#153C73", "#FFD75F", "#B7B7B7")):
        if contrast(canvas, text) < 4.5:
            continue
        hues = dict.fromkeys((*HUES, "bronze"), hue)
        palette = derive("mixed", canvas=canvas, text=text, hues=hues)
        words = [line for line in below_floor(palette) if not line.startswith(("text on", "ink"))]
        if contrast(canvas, "#FFFFFF" if palette.dark else "#000000") >= 12:
            assert words == [], (canvas, text, hue)


def test_an_unreadable_colour_is_refused_with_the_form_wanted() -> None:
    with pytest.raises(ValueError, match="#RRGGBB"):
        rgb("gold")
    assert rgb("#fb0") == (255.0, 187.0, 0.0)
    assert mix("#000000", "#FFFFFF", 0.5) == "#808080"


def test_variables_carry_every_role_under_our_prefix() -> None:
    found = variables(LAMPLIGHT)

    assert len(found) == len(ROLES)
    assert found["h-add-row"] == LAMPLIGHT.add_row
    assert all(name.startswith("h-") for name in found)


def test_theme_fields_follow_the_roles() -> None:
    fields = theme_fields(LAMPLIGHT)

    assert fields["primary"] == fields["accent"] == LAMPLIGHT.gold
    assert (fields["surface"], fields["panel"]) == (LAMPLIGHT.rail, LAMPLIGHT.raised)
    assert fields["variables"]["h-text"] == LAMPLIGHT.text


@pytest.mark.ac("few-colours")
@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda item: item.name)
def test_in_256_colours_floors_hold_planes_differ_and_signs_too(palette: Palette) -> None:
    fewer = in_256(palette)

    assert [line for line in below_floor(fewer) if not line.startswith("text on")] == []
    steps = [rgb(getattr(fewer, role))[0] for role in ROLES]
    assert all(step in (0, 95, 135, 175, 215, 255) or (step - 8) % 10 == 0 for step in steps)
    assert len({fewer.gold, fewer.ok, fewer.warn, fewer.bad, fewer.info}) == 5
    if not palette.framed:
        assert len({fewer.canvas, fewer.rail, fewer.raised, fewer.select}) == 4


@pytest.mark.ac("few-colours")
def test_in_16_colours_planes_vanish_and_frames_stand_for_them() -> None:
    assert SIXTEEN.framed
    assert SIXTEEN.canvas == SIXTEEN.rail == SIXTEEN.raised
    assert len({SIXTEEN.gold, SIXTEEN.ok, SIXTEEN.warn, SIXTEEN.bad, SIXTEEN.info}) == 5
