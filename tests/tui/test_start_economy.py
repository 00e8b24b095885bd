"""What the first paint does not load, and when cycles are looked for."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hermes_tui import cycle_collection


@pytest.fixture
def collector() -> Iterator[None]:
    """Put Python's collector back as it was."""
    threshold = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*threshold)


@pytest.mark.ac("bench-first-paint")
def test_the_screen_is_loaded_without_the_core() -> None:
    heavy = ("hermes_core.host", "hermes_core.storage.store", "pydantic", "openai", "ruamel")
    code = (
        f"import sys, hermes_tui.launch; print([name for name in {heavy} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.usefixtures("collector")
def test_nothing_is_collected_until_the_core_stands() -> None:
    cycle_collection.postpone()
    assert not gc.isenabled()

    before = gc.get_freeze_count()
    cycle_collection.begin()

    assert gc.isenabled()
    assert gc.get_freeze_count() > before


@pytest.mark.usefixtures("collector")
def test_a_process_that_is_not_the_program_alone_is_collected_as_ever() -> None:
    before = gc.get_freeze_count()

    cycle_collection.leave_out_present()

    assert gc.get_freeze_count() == before


@pytest.mark.usefixtures("collector")
def test_a_closed_conversation_that_was_left_out_is_freed() -> None:
    cycle_collection.begin()

    class Pane:
        """Refers to itself, as widgets do."""

        freed = False

        def __init__(self) -> None:
            self.own = self

        def __del__(self) -> None:
            Pane.freed = True

    pane = Pane()
    cycle_collection.leave_out_present()
    del pane
    gc.collect()
    assert not Pane.freed

    cycle_collection.take_back()

    assert Pane.freed
