"""Random endpoints behind a conversation: keys of its own model, a chain, a cheaper model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from hypothesis import strategies as st

from hermes_core.agent.sessions.fallback_chain import Fallback
from hermes_core.agent.sessions.session_route import SessionRoute
from hermes_core.agent.stream.journal import Journal
from hermes_core.errors import ConfigError
from hermes_core.events import RequestStarted, SessionRuntimeChanged
from hermes_core.messages import Runtime
from hermes_core.paths import Home
from hermes_core.providers.base import ModelRequest, StreamPart
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.records import records
from hermes_core.providers.resolve import Resolution
from tests.core.agent.rig import Rig
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider


@dataclass(frozen=True)
class Places:
    """Who can be asked."""

    own_keys: int = 1
    spare_keys: tuple[int, ...] = ()
    """Of each model of the chain; 0: the entry cannot be used."""
    strategy: str = "fill_first"
    has_cheap: bool = False


ONE_PLACE = Places()

places = st.builds(
    Places,
    own_keys=st.integers(1, 3),
    spare_keys=st.lists(st.integers(0, 2), max_size=3).map(tuple),
    strategy=st.sampled_from(("fill_first", "round_robin", "least_used")),
    has_cheap=st.booleans(),
)


def resolution(name: str, keys: int) -> Resolution:
    """An endpoint with so many keys of its own."""
    base_url = f"https://{name}.example/v1"
    found = tuple(Credential(f"key-{name}-{number}", f"{name}-{number}") for number in range(keys))
    return Resolution(
        runtime=Runtime(model=f"model-{name}", provider=f"custom:{name}", base_url=base_url),
        credential=found[0],
        keys=found,
        address=base_url,
        record=records()["custom"],
    )


class Doors:
    """All endpoints, with one script behind them; checks who is asked with what.

    Args:
        wanted: Which there are.
        script: Answers all of them, in the order in which they are asked.
        home: Where the rests of keys are kept.
        clock: Tells when they end.
        name: Sets the keys of this conversation apart from those of others.
    """

    def __init__(
        self, wanted: Places, script: ScriptedProvider, home: Home, clock: FakeClock, name: str
    ) -> None:
        self._wanted = wanted
        self._script = script
        self._own = resolution(f"own-{name}", wanted.own_keys)
        self._name = name
        self.problems: list[str] = []
        strategies = {self._own.pool: wanted.strategy}
        file = home.root / "keys" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        self._pools = KeyPools(AuthFile(file), strategies, now=clock.time)

    @property
    def runtime(self) -> Runtime:
        """The conversation's own model."""
        return self._own.runtime

    def route(
        self, journal: Journal, *, route_type: type[SessionRoute] = SessionRoute
    ) -> SessionRoute:
        """The route over them."""
        cheap = Fallback("cheap", lambda: resolution(f"cheap-{self._name}", 1))
        return route_type(
            self._own,
            pools=self._pools,
            fallbacks=[self._spare(at, keys) for at, keys in enumerate(self._wanted.spare_keys)],
            open_model=lambda asked: _Door(asked, self),
            journal=journal,
            cheap=cheap if self._wanted.has_cheap else None,
        )

    def _spare(self, at: int, keys: int) -> Fallback:
        def resolve() -> Resolution:
            if not keys:
                raise ConfigError("This entry has no key.")
            return resolution(f"spare{at}-{self._name}", keys)

        return Fallback(f"spare {at}", resolve)

    def ask(self, asked: Resolution, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """Note what is wrong with a request, and answer it."""
        if request.runtime != asked.runtime:
            self.problems.append(f"{asked.runtime.model} is asked as {request.runtime.model}")
        if asked.credential not in asked.keys:
            self.problems.append(f"{asked.runtime.model} gets the key of another endpoint")
        awake = self._pools.awake(asked.pool, asked.keys)
        if awake and asked.credential not in awake:
            self.problems.append(f"{asked.credential.source} rests and is asked")
        return self._script.stream(request)


class _Door:
    """One endpoint with one of its keys, as a `Model`."""

    def __init__(self, asked: Resolution, doors: Doors) -> None:
        self._asked = asked
        self._doors = doors

    def stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """See `Model`."""
        return self._doors.ask(self._asked, request)

    streams = True

    async def as_sent(self, request: ModelRequest) -> None:
        """See `Model`."""

    async def reconnect(self) -> bool:
        """See `Model`; the next attempt is one more of the script."""
        return True

    async def aclose(self) -> None:
        """Nothing is kept open."""


def check_told(r: Rig, own: Runtime) -> None:
    """Every request goes to the model that was told last."""
    told = (own.provider, own.model)
    for event in r.events:
        if isinstance(event, SessionRuntimeChanged):
            told = (event.runtime.provider, event.runtime.model)
        elif isinstance(event, RequestStarted) and event.purpose == "turn":
            assert (event.provider, event.model) == told
