"""A whole host on a scripted model server: everything real but the model and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hermes_core.agent.sharing.attachment import Attachment
from hermes_core.commands import CoreCommand, Reply, Submit
from hermes_core.events import CoreEvent, TurnFinished
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.server import ModelServer
from tests.support import until


class CountingClock(FakeClock):
    """Tells how long the engine waited in all."""

    def slept_at_least(self, seconds: float) -> bool:
        return sum(self.slept) >= seconds


class HostRig:
    """An open conversation and what it said."""

    def __init__(self, host: Host, handle: Attachment, clock: CountingClock, cwd: Path) -> None:
        self.host = host
        self.handle = handle
        self.clock = clock
        self.cwd = cwd
        self.events: list[CoreEvent] = []
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.handle.events():
            self.events.append(event)

    async def send(self, command: CoreCommand) -> Reply:
        return await self.handle.send(command)

    async def turn(self, words: str) -> TurnFinished:
        """Submit a text and return how its turn ended."""
        before = len(self.of(TurnFinished))
        reply = await self.send(Submit(text=words))
        assert reply.ok, reply
        await until(lambda: len(self.of(TurnFinished)) > before)
        found = self.of(TurnFinished)[-1]
        assert isinstance(found, TurnFinished)
        return found

    def of(self, *kinds: type) -> list[Any]:
        return [e for e in self.events if isinstance(e, kinds)]


def options(
    home: Home, base_url: str, *, toolsets: Sequence[str] = ("terminal",), yolo: bool = True,
    api_mode: str = "", environ: Mapping[str, str] | None = None,
) -> HostOptions:  # fmt: skip
    """A host on the scripted server with only what a test asks for."""
    overrides: dict[str, Any] = {
        "model.provider": "custom",
        "model.base_url": base_url,
        "model.default": "scripted-model",
    }
    if api_mode:
        overrides["model.api_mode"] = api_mode
    return HostOptions(
        home=home,
        environ={
            "HOME": str(home.root.parent), "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HERMES_OFFLINE": "1", **(environ or {}),
        },
        cwd=Path.cwd(),
        overrides=overrides,
        toolsets=toolsets,
        yolo=yolo,
    )  # fmt: skip


@asynccontextmanager
async def opened(wanted: HostOptions, session_id: str | None = None) -> AsyncIterator[HostRig]:
    """Open a conversation on a host of these options, and close both."""
    clock = CountingClock()
    host = await Host.open(wanted, clock=clock)
    try:
        handle = await host.open_session(session_id)
        made = HostRig(host, handle, clock, wanted.cwd)
        last = await host.store.last_seq(handle.session_id)
        await until(lambda: any(isinstance(e.seq, int) and e.seq >= last for e in made.events))
        try:
            yield made
        finally:
            await handle.release()
            await made.reader
    finally:
        await host.aclose()


@asynccontextmanager
async def host_rig(home: Home, server: ModelServer, **environ: str) -> AsyncIterator[HostRig]:
    """Open a new conversation on the scripted server."""
    async with opened(options(home, server.base_url, environ=environ)) as made:
        yield made
