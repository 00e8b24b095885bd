"""The whole program under random events, keys and window sizes; see `workspace_chaos`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import on

import hermes_tui
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.panes.chat import ChatPane
from tests.tui.workspace_chaos import CHAPTER, Broken, Connect, play

SEED = 1
"""`benchmarks/workspace_chaos.py` plays as many as asked of any seed."""


class Forgetful(HermesApp):
    """The planted bug: a request of the agent empties the field."""

    CSS_PATH = str(Path(hermes_tui.__file__).with_name("app.tcss"))

    @on(ChatPane.Changed)
    def _forget_draft(self, event: ChatPane.Changed) -> None:
        if event.pane.state.approvals:
            event.pane.composer.set_draft("")


@pytest.fixture(autouse=True)
def seldom_collected() -> Iterator[None]:
    """Look for cycles between the tests: a look walks all that all tests have imported."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()


def forgetful(connect: Connect) -> HermesApp:
    return Forgetful(connect, grace_s=0.0)


@pytest.mark.timeout(300)
@pytest.mark.ac("workspace-chaos")
@pytest.mark.parametrize("first", range(0, 20 * CHAPTER, CHAPTER))
async def test_nothing_raises_shows_codes_or_loses_a_draft(home: Home, first: int) -> None:
    await play(home, seed=SEED, first=first, count=CHAPTER)


@pytest.mark.timeout(300)
@pytest.mark.ac("workspace-chaos")
async def test_a_planted_loss_of_a_draft_is_found(home: Home) -> None:
    with pytest.raises(Broken, match="the drafts should be"):
        await play(home, seed=SEED, first=0, count=4 * CHAPTER, build=forgetful)
