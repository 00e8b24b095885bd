"""One agent at work for another: a session of its own, followed until its turn is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct

from hermes_core.agent.delegation.asking_upwards import AskingUpwards
from hermes_core.agent.delegation.retelling import Retelling
from hermes_core.agent.sessions.session import Session
from hermes_core.commands import Submit
from hermes_core.errors import HermesError
from hermes_core.events import CoreEvent, TurnFinished

STOP_WAIT_S = 2.0
"""How long a worker that was told to stop may take to say so."""

_log = logging.getLogger(__name__)


class Report(Struct, frozen=True, kw_only=True):
    """How the work ended."""

    status: str
    """`completed`, `failed`, `interrupted`, `timeout` or `error`."""
    exit_reason: str
    summary: str = ""
    """Its last words."""
    message_id: str | None = None
    """Of its last words, in its own conversation."""
    error: str = ""

    @property
    def words(self) -> str:
        """What a person reads: the last words, or why there are none."""
        return self.summary or self.error


class Worker:
    """Runs one task once.

    Args:
        open_session: Makes its session.
        asker: Its questions; while one waits for a person, it is not idle.
        retelling: Told everything that happens.
        timeout_s: Seconds without a sign of life after which it is given up; None: never.
    """

    def __init__(
        self,
        open_session: Callable[[], Awaitable[Session]],
        *,
        asker: AskingUpwards,
        retelling: Retelling,
        timeout_s: float | None = None,
    ) -> None:
        self._open = open_session
        self._asker = asker
        self._retelling = retelling
        self._timeout_s = timeout_s
        self._session: Session | None = None
        self._is_stopped = False
        self._over = asyncio.Event()
        self._last_sign = 0.0
        self._closing: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Interrupt it and the processes it runs. Idempotent, at any time."""
        self._is_stopped = True
        if self._session is not None:
            self._session.cancel.set()

    async def run(self, task: str) -> Report:
        """Do the task; whatever happens, its session is closed soon after."""
        try:
            session = self._session = await self._open()
        except HermesError as error:
            return Report(
                status="error", exit_reason="error", error=f"{error} {error.hint}".strip()
            )
        reader = asyncio.create_task(self._follow(session.events()))
        timed_out = False
        try:
            sent = await session.send(Submit(text=task, client="delegation"))
            if not sent.ok:
                return Report(status="error", exit_reason=sent.code, error=sent.text)
            if self._is_stopped:
                self.stop()
            timed_out = not await self._finished()
        finally:
            self.stop()
            self._closing = asyncio.create_task(self._close(session, reader))
        return self._report(session, timed_out)

    async def closed(self) -> None:
        """Return when its session is closed and its processes are gone."""
        if self._closing is not None:
            await self._closing

    async def _follow(self, events: AsyncIterator[CoreEvent]) -> None:
        loop = asyncio.get_running_loop()
        self._last_sign = loop.time()
        try:
            async for event in events:
                if self._retelling.take(event):
                    self._last_sign = loop.time()
                if self._retelling.finish is not None:
                    return
        finally:
            self._over.set()

    async def _finished(self) -> bool:
        """Wait for the end; False if it was given up."""
        loop = asyncio.get_running_loop()
        self._last_sign = loop.time()
        while not self._over.is_set():
            if self._asker.is_waiting:
                self._last_sign = loop.time()
            left = None
            if self._timeout_s is not None:
                left = self._last_sign + self._timeout_s - loop.time()
                if left <= 0:
                    self.stop()
                    await self._wait(STOP_WAIT_S)
                    return False
            await self._wait(left)
        return True

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return

    async def _close(self, session: Session, reader: asyncio.Task[None]) -> None:
        try:
            await session.release()
        except HermesError as error:
            _log.warning("session %s did not close well: %s", session.session_id, error)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)

    def _report(self, session: Session, timed_out: bool) -> Report:
        finish = self._retelling.finish
        words = _last_words(session, finish)
        message_id = finish.final_message_id if finish is not None else None
        if timed_out:
            text = f"No sign of life for {self._timeout_s:.0f} s; it was stopped."
            return Report(status="timeout", exit_reason="timeout", summary=words, error=text)
        if finish is None:
            text = "Its conversation was closed before it was done."
            return Report(status="interrupted", exit_reason="closed", summary=words, error=text)
        if finish.outcome == "interrupted":
            return Report(status="interrupted", exit_reason="interrupted", summary=words)
        at_limit = finish.reason.startswith("max_iterations")
        if finish.outcome == "completed" or (at_limit and words):
            reason = "max_iterations" if at_limit else "completed"
            return Report(
                status="completed", exit_reason=reason, summary=words, message_id=message_id
            )
        error = " ".join(part for part in (finish.error, finish.hint) if part)
        return Report(
            status="failed",
            exit_reason=finish.reason,
            summary=words,
            message_id=message_id,
            error=error or finish.reason,
        )


def _last_words(session: Session, finish: TurnFinished | None) -> str:
    """The text that ended its turn, else the newest it wrote."""
    said = [m for m in session.conversation.messages if m.role == "assistant" and m.content.strip()]
    final_id = finish.final_message_id if finish is not None else None
    final = next((m for m in said if m.message_id == final_id), said[-1] if said else None)
    return final.content.strip() if final is not None else ""
