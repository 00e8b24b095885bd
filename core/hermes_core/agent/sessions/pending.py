"""Open questions of a session: approvals and clarifications that wait for a person.

Only the owner resolves one. The first answer wins; an answer must name the request
and repeat the hash of what was shown, so a late, repeated or stale one changes
nothing and is told so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.clock import Clock
from hermes_core.agent.stream.journal import Journal
from hermes_core.commands import Answer, Reply
from hermes_core.errors import StoreError
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    QuestionAnswered,
    QuestionAsked,
    RequestExtended,
    encode_event,
)
from hermes_core.messages import clean_text
from hermes_core.security.permissions import shown_hash


class QuestionRecords(Protocol):
    """The part of the store that makes the first answer win across processes."""

    async def open_question(self, request_id: str, session_id: str, payload: bytes) -> None:
        """Write the question down as unresolved."""
        ...

    async def resolve_question(self, request_id: str, answer_json: bytes) -> bool:
        """Resolve it where it is still open; False if somebody was first."""
        ...


class Asker(Protocol):
    """Asks a person and waits for the answer; see `Pending`."""

    async def approval(
        self, request: ApprovalRequested, *, timeout_s: float, cancel: TurnCancel
    ) -> ApprovalResolved:
        """Ask for a decision."""
        ...

    async def question(
        self, question: QuestionAsked, *, timeout_s: float, cancel: TurnCancel
    ) -> str | None:
        """Ask something; None if there is no answer."""
        ...

    def waited_s(self, call_id: str) -> float:
        """Seconds a call has waited for a person; asked once, then forgotten."""
        ...


class _Open(Struct):
    event: ApprovalRequested | QuestionAsked
    answer: asyncio.Future[Answer]
    timeout_s: float
    ends_at: float
    """By the monotonic clock."""


class Pending:
    """Asks, waits, resolves."""

    def __init__(
        self,
        session_id: str,
        journal: Journal,
        records: QuestionRecords,
        *,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._session_id = session_id
        self._journal = journal
        self._records = records
        self._clock = clock
        self._new_id = new_id
        self._open: dict[str, _Open] = {}
        self._waited: dict[str, float] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether a person is needed now."""
        return bool(self._open)

    async def approval(
        self, request: ApprovalRequested, *, timeout_s: float, cancel: TurnCancel
    ) -> ApprovalResolved:
        """Ask for a decision; a timeout or an interrupt denies.

        Raises:
            Cancelled: The turn was interrupted while waiting.
        """
        request = msgspec.structs.replace(
            request,
            request_id=request.request_id or self._new_id(),
            expires_at=self._clock.time() + timeout_s,
        )
        answer = await self._ask(request, timeout_s, cancel)
        if answer is None:
            outcome = "cancelled" if cancel.is_set else "timeout"
            resolved = ApprovalResolved(
                request_id=request.request_id,
                decision="cancelled" if outcome == "cancelled" else "timeout",
                by=outcome,
                agent=request.agent,
            )
        else:
            resolved = ApprovalResolved(
                request_id=request.request_id,
                decision=answer.decision or "deny",
                by=answer.client,
                reason=answer.reason[:1_000],
                agent=request.agent,
            )
        self._journal.emit(resolved)
        cancel.raise_if_set()
        return resolved

    async def question(
        self, question: QuestionAsked, *, timeout_s: float, cancel: TurnCancel
    ) -> str | None:
        """Ask something; None if the person declined or nobody answered in time.

        Raises:
            Cancelled: The turn was interrupted while waiting.
        """
        question = msgspec.structs.replace(
            question,
            request_id=question.request_id or self._new_id(),
            shown_hash=shown_hash(
                clean_text(question.question), *map(clean_text, question.choices)
            ),
            expires_at=self._clock.time() + timeout_s,
        )
        answer = await self._ask(question, timeout_s, cancel)
        value = answer.value if answer is not None else None
        is_private = question.kind in ("sudo", "secret")
        self._journal.emit(
            QuestionAnswered(
                request_id=question.request_id,
                answer=None if is_private or value is None else value[:2_000],
                by=answer.client if answer is not None else "nobody",
                agent=question.agent,
            )
        )
        cancel.raise_if_set()
        return value

    def waited_s(self, call_id: str) -> float:
        """Seconds a call has waited for a person; asked once, then forgotten."""
        return self._waited.pop(call_id, 0.0)

    def answer(self, answer: Answer) -> Reply:
        """Take a client's answer."""
        waiting = self._open.get(answer.request_id)
        if waiting is None or waiting.answer.done():
            return Reply(
                ok=False, code="already_resolved", text="This request is already answered."
            )
        event = waiting.event
        if answer.shown_hash != event.shown_hash:
            return Reply(
                ok=False, code="stale_answer", text="What was shown is not what is asked now."
            )
        if isinstance(event, ApprovalRequested) and answer.decision not in event.options:
            return Reply(
                ok=False,
                code="bad_decision",
                text=f"Choose one of: {', '.join(event.options)}.",
            )
        waiting.answer.set_result(answer)
        return Reply(ok=True)

    def extend(self, request_id: str) -> Reply:
        """Give an open request its whole time again."""
        waiting = self._open.get(request_id)
        if waiting is None or waiting.answer.done():
            return Reply(
                ok=False, code="already_resolved", text="This request is already answered."
            )
        waiting.ends_at = self._clock.monotonic() + waiting.timeout_s
        self._journal.emit(
            RequestExtended(
                request_id=request_id,
                expires_at=self._clock.time() + waiting.timeout_s,
                agent=waiting.event.agent,
            )
        )
        return Reply(ok=True)

    async def _ask(
        self, event: ApprovalRequested | QuestionAsked, timeout_s: float, cancel: TurnCancel
    ) -> Answer | None:
        asked = self._clock.monotonic()
        answered = asyncio.get_running_loop().create_future()
        waiting = _Open(event, answered, timeout_s, asked + timeout_s)
        self._open[event.request_id] = waiting
        try:
            await self._store(
                lambda: self._records.open_question(
                    event.request_id, self._session_id, encode_event(event)
                )
            )
            self._journal.emit(event)
            await self._journal.flush()
            answer = await self._wait(waiting, cancel)
            if event.call_id is not None:
                waited = self._clock.monotonic() - asked
                self._waited[event.call_id] = self._waited.get(event.call_id, 0.0) + waited
        finally:
            self._open.pop(event.request_id, None)
        record = msgspec.json.encode(
            {
                "decision": answer.decision if answer else None,
                "by": answer.client if answer else ("cancelled" if cancel.is_set else "timeout"),
            }
        )
        await self._store(lambda: self._records.resolve_question(event.request_id, record))
        return answer

    async def _wait(self, waiting: _Open, cancel: TurnCancel) -> Answer | None:
        answer = waiting.answer
        interrupted = asyncio.create_task(cancel.wait())
        too_late = asyncio.create_task(self._time_out(waiting))
        try:
            futures: list[asyncio.Future[Any]] = [answer, interrupted, too_late]
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            interrupted.cancel()
            too_late.cancel()
            if not answer.done():
                answer.cancel()

    async def _time_out(self, waiting: _Open) -> None:
        while (left := waiting.ends_at - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)

    async def _store(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except StoreError:
            # the journal tells the person that nothing is being saved; asking goes on
            return
