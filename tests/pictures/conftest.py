"""The gallery, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures.gallery import Gallery
from tests.plain_loop import plain_loop

__all__ = ["gallery", "plain_loop"]


@pytest.fixture
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    """Compares pictures with those that are kept; says at the end which were not alike."""
    attic = tmp_path / "drawn"
    attic.mkdir()
    found = Gallery(request, attic)
    yield found
    found.verdict()
