"""What turns in the status row keeps its width, whatever the skin."""

from __future__ import annotations

from typing import get_args

import pytest
from rich.cells import cell_len

from hermes_skins.catalog import builtin_skins
from hermes_skins.schema import USUAL
from hermes_widgets import indicator
from hermes_widgets.gauge import gauge
from hermes_widgets.status_bar import Manner, Status, status_content


@pytest.mark.ac("indicator")
@pytest.mark.parametrize("kind", get_args(indicator.IndicatorKind))
def test_every_frame_of_every_set_and_skin_has_one_width(kind: indicator.IndicatorKind) -> None:
    for skin in builtin_skins().values():
        widths = {cell_len(indicator.sign(kind, skin, at, still=False)) for at in range(64)}
        assert len(widths) == 1, skin.name
        for waiting in (True, False):
            faces = [indicator.face(skin, at, waiting=waiting, still=False) for at in range(900)]
            assert len({cell_len(face) for face in faces}) == 1, skin.name
            assert len(set(faces)) > 1 or not faces[0]


def test_a_verb_of_the_skin_stands_for_a_state_with_nothing_to_say_all_turn() -> None:
    assert indicator.verb("writing", USUAL, 3.0) == "writing"
    said = {indicator.verb("thinking", USUAL, 3.0 + tenth / 100) for tenth in range(50)}
    assert len(said) == 1
    assert said <= set(USUAL.spinner.thinking_verbs)


def test_nothing_turns_where_motion_is_reduced() -> None:
    manner = Manner(skin=builtin_skins()["ares"], kind="kaomoji", still=True)
    status = Status(phase="busy", word="thinking", since=0.0)
    drawn = {
        status_content(status, 120, frame=at, now=4.0, manner=manner).plain for at in (0, 7, 99)
    }
    assert len(drawn) == 1


@pytest.mark.ac("skin-worn")
def test_a_slope_is_a_gauge_that_climbs() -> None:
    slope = gauge(0.5, 10, glyphs="▁▂▃▄▅")
    assert slope.plain == "▁▁▂▂▃▃▄▄▅▅"
    assert slope.spans[0].end == 5
