"""The page with all pictures shows those that are drawn, and there are not too many."""

from __future__ import annotations

import re

import pytest

from tests.pictures.contact_sheet import MOST, PAGE, page, pictures
from tests.pictures.core_scenes import CORE
from tests.pictures.test_skins import SCENES, SKINS
from tests.pictures.test_states import PLACES
from tests.snapshot_location import SNAPSHOTS

README = SNAPSHOTS.parent / "README.md"


@pytest.mark.ac("contact-sheet")
def test_the_page_shows_every_picture() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.pictures.contact_sheet"


@pytest.mark.ac("contact-sheet")
def test_every_picture_is_drawn_by_a_test_and_there_are_no_more_than_one_can_look_at() -> None:
    drawn = len(PLACES) + sum(len(scene.sizes) for scene in CORE)
    drawn += len(SCENES) * (len(SKINS) + 1)
    kept = list(SNAPSHOTS.rglob("*.svg"))

    assert len(pictures()) == len(kept) == drawn
    assert drawn <= MOST


def test_the_readme_shows_pictures_that_exist() -> None:
    shown = re.findall(r"\]\((snapshots/[^)]+\.svg)\)", README.read_text("utf-8"))

    assert len(shown) == 3
    assert all((README.parent / place).is_file() for place in shown)
