"""The handle doors hold: stays valid when the session's owner changes.

Inside is either the actor itself or a connection to the process that owns it. When
that process is gone the session is opened again, here or at whoever was faster, and
the stream goes on after the last `seq`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from hermes_core.agent.sessions.session import Session
from hermes_core.agent.sharing.remote import NotSent, RemoteSession
from hermes_core.commands import CoreCommand, Reply
from hermes_core.errors import OwnerLost
from hermes_core.events import CoreEvent, SessionClosed

_OWNER_LEFT = ("owner_exit", "released")
"""Why a session ends although nobody asked for its end."""

_log = logging.getLogger(__name__)


class Attachment:
    """A `SessionHandle` over an owner that may change.

    Args:
        inner: Where the session is now.
        reopen: Opens it again: takes the lease over, or attaches to the new owner.
        client: Our name, put on commands that carry none: others see who answered.
    """

    def __init__(
        self,
        inner: Session | RemoteSession,
        reopen: Callable[[], Awaitable[Session | RemoteSession]],
        *,
        client: str = "",
    ) -> None:
        self._client = client
        self._inner = inner
        self._reopen = reopen
        self._lock = asyncio.Lock()
        self._is_released = False

    @property
    def session_id(self) -> str:
        """The id, which never changes."""
        return self._inner.session_id

    @property
    def is_owner(self) -> bool:
        """Whether the actor lives in this process."""
        return isinstance(self._inner, Session)

    async def send(self, command: CoreCommand) -> Reply:
        """Ask the session; asks the next owner if nothing had been sent to the old one."""
        if not command.client:
            command = msgspec.structs.replace(command, client=self._client)
        for _ in range(3):
            inner = self._inner
            try:
                return await inner.send(command)
            except NotSent:
                await self._renew(inner)
            except OwnerLost as error:
                await self._renew(inner)
                return Reply(
                    ok=False,
                    code="outcome_unknown",
                    text=f"{error} Look whether your message arrived before sending it again.",
                )
        return Reply(ok=False, code="owner_lost", text="This conversation cannot be reached.")

    async def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        """Stored events after `from_seq`, the open texts so far, then live ones."""
        seq = from_seq
        while not self._is_released:
            inner = self._inner
            last: CoreEvent | None = None
            try:
                async with aclosing(inner.events(seq)) as events:  # type: ignore[type-var]
                    async for event in events:
                        if isinstance(event.seq, int):
                            seq = event.seq
                        last = event
                        yield event
            except OwnerLost:
                _log.info("session %s lost its owner", self.session_id)
            else:
                if not _goes_on(last, is_owner=isinstance(inner, Session)):
                    return
            if not self._is_released:
                await self._renew(inner)

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        """The newest stored events before `before_seq` (or the end), oldest first."""
        return await self._inner.history(before_seq=before_seq, limit=limit)

    async def release(self) -> None:
        """Let go of the session; the last one out closes the actor."""
        if not self._is_released:
            self._is_released = True
            await self._inner.release()

    async def _renew(self, lost: Session | RemoteSession) -> None:
        """Open the session again unless somebody here already did."""
        async with self._lock:
            if self._inner is lost and not self._is_released:
                await lost.release()
                self._inner = await self._reopen()


def _goes_on(last: CoreEvent | None, *, is_owner: bool) -> bool:
    """Whether a conversation that ended at its owner is to be opened again by us."""
    if not isinstance(last, SessionClosed):
        return False
    return last.reason == "lease_lost" or (not is_owner and last.reason in _OWNER_LEFT)
