"""Where pictures are kept: under `snapshots/`, at the path of the test that drew them."""

from __future__ import annotations

from pathlib import Path

from pytest_textual_snapshot import (  # type: ignore[import-untyped]  # ships no types
    SVGImageExtension,
)
from syrupy.location import PyTestLocation

TESTS = Path(__file__).parent
SNAPSHOTS = TESTS.parent / "snapshots"


def snapshot_folder(test_location: PyTestLocation) -> str:
    """Return `snapshots/<folders>/<test module>` for a test below `tests/`."""
    place = Path(test_location.filepath).resolve().relative_to(TESTS.resolve())
    return str(SNAPSHOTS / place.with_suffix(""))


def use_snapshots_folder() -> None:
    """Make `snapshots/` the store of the picture plugin, and `.svg` its file type again."""

    def dirname(cls: type[SVGImageExtension], *, test_location: PyTestLocation) -> str:
        return snapshot_folder(test_location)

    SVGImageExtension.dirname = classmethod(dirname)
    SVGImageExtension.file_extension = "svg"
