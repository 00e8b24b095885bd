"""Whatever the model and the person do, the conversation stays one that can be trusted.

500 examples without chance here; `python benchmarks/turn_chaos.py` plays more with chance.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky

from hermes_core.agent.sessions.conversation import Input
from hermes_core.agent.sessions.inbox import Inbox
from hermes_core.agent.sessions.session_route import SessionRoute
from hermes_core.errors import ProviderError
from hermes_core.messages import Runtime
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from tests.core.agent.chaos import Play, play, plays

EXAMPLES = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],  # what is found is looked at, not shrunk
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Player = Callable[..., None]
FOUND = (AssertionError, Flaky)
"""What a planted bug ends in. Played again it may hide, for threads take other turns."""


@pytest.fixture
def player(home: Home) -> Iterator[Player]:
    """Plays conversations in one loop and one store, each in a session of its own."""
    numbers = itertools.count(1)
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(home))

        def run(script: Play, **planted: Any) -> None:
            session_id = f"20261122_101500_{next(numbers):08x}"
            runner.run(play(store, home, script, session_id, **planted))

        yield run
        runner.run(store.aclose())


@pytest.mark.ac("turn-chaos")
@pytest.mark.timeout(180)
def test_every_random_conversation_stays_whole(player: Player) -> None:
    @EXAMPLES
    @given(plays)
    def property_(script: Play) -> None:
        player(script)

    property_()


class ForgetfulInbox(Inbox):
    """The planted bug: of several messages that steer at once it delivers only one."""

    def take_urgent(self) -> list[Input]:
        return super().take_urgent()[:1]


@pytest.mark.ac("turn-chaos")
def test_planted_loss_of_a_message_is_found(player: Player) -> None:
    @EXAMPLES
    @given(plays)
    def property_(script: Play) -> None:
        player(script, inbox_type=ForgetfulInbox)

    with pytest.raises(FOUND):
        property_()


class SilentRoute(SessionRoute):
    """The planted bug: whoever answers after a failure is not told."""

    async def fall_back(self, error: ProviderError) -> Runtime | None:
        return self._current.runtime if self._step() else None


@pytest.mark.ac("turn-chaos")
def test_planted_silence_about_another_model_is_found(player: Player) -> None:
    @EXAMPLES
    @given(plays)
    def property_(script: Play) -> None:
        player(script, route_type=SilentRoute)

    with pytest.raises(FOUND):
        property_()
