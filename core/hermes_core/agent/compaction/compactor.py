"""Shortens the conversation of a session, in place: same id, next epoch.

Before anything is given up the new history is checked; a model that cannot summarise
is replaced by a summary put together here, and the person is told. The store changes
in one transaction together with the closing event, so that a crash leaves the history
as it was before or as it is after. Exactly one `compaction.finished` or
`compaction.failed` follows each `compaction.started`.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.clock import Clock
from hermes_core.agent.compaction.check import find_problems
from hermes_core.agent.compaction.limits import Limits, limits_for
from hermes_core.agent.compaction.local_summary import local_summary
from hermes_core.agent.compaction.plan import Measure, Plan, make_plan
from hermes_core.agent.compaction.summary_request import TASK, summary_request
from hermes_core.agent.compaction.summary_text import summary_message
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.side.auxiliary import Auxiliary, AuxiliaryFailed
from hermes_core.agent.stream.journal import Journal
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.errors import Cancelled, StoreError
from hermes_core.events import (
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    CoreEvent,
    Notice,
)
from hermes_core.messages import Message
from hermes_core.storage.records import Shortening

ATTEMPTS = 3
"""How often each model is asked for a summary."""
CHARS_PER_TOKEN = 4
LEAST_MESSAGES = 4

Cause = Literal["threshold", "window", "provider", "manual"]
"""Grown to the threshold, too long to be sent, refused as too long, asked for."""

Outcome = Literal["shortened", "nothing", "failed"]
"""Done; nothing can or has to be left out; the events say why it stayed as it was."""

_log = logging.getLogger(__name__)


class CompactionStore(Protocol):
    """The part of the store that changes the model's history."""

    async def compact(
        self,
        session_id: str,
        change: Shortening,
        *,
        events: Sequence[CoreEvent] = (),
        patch: dict[str, object] | None = None,
    ) -> int:
        """Do it in one transaction; return the new epoch. Raises StoreError."""
        ...


class CompactorParts(Struct, frozen=True, kw_only=True):
    """What a compactor works with."""

    journal: Journal
    store: CompactionStore
    conversation: Conversation
    auxiliary: Auxiliary
    settings: CompressionSettings
    measure: Measure
    """Tokens of one message, calibrated."""
    rebuild_prompt: Callable[[], Awaitable[str]]
    """Builds the system prompt anew; this is the only time a session's changes."""
    clock: Clock
    new_id: Callable[[], str]
    on_done: Callable[[], None] = lambda: None
    """Told after the model has lost sight of earlier results."""


class Compactor:
    """One a session. Never runs twice at once: a session does one thing at a time."""

    def __init__(self, parts: CompactorParts) -> None:
        self._parts = parts
        self._talk = parts.conversation
        self._not_saved: list[str] = []
        """Ids that left the history in memory while the store could not be written."""
        self._rest_until = 0
        """Automatic ones wait until the request has grown to this; see `trigger`."""

    @property
    def is_enabled(self) -> bool:
        """Whether the settings allow it."""
        return self._parts.settings.enabled

    @property
    def limits(self) -> Limits:
        """The numbers of the present window."""
        return limits_for(self._parts.settings, self._talk.runtime.window_tokens)

    @property
    def trigger(self) -> int:
        """The request size that starts one: the threshold, or more after one that helped little."""
        limits = self.limits
        return min(limits.goal, max(limits.threshold, self._rest_until))

    def measure(self, message: Message) -> int:
        """Tokens of one message, estimated."""
        return self._parts.measure(message)

    def tokens(self) -> int:
        """Of the whole history, estimated."""
        return sum(map(self._parts.measure, self._talk.messages))

    async def shorten(
        self,
        cause: Cause,
        *,
        fixed_tokens: int,
        cancel: TurnCancel,
        goal_tokens: int | None = None,
        focus: str = "",
        scale: float = 1.0,
    ) -> Outcome:
        """Shorten the history, if that is possible and of use.

        Args:
            cause: Why; stands in the events. `manual` also summarises what need not be.
            fixed_tokens: What prompt, tools and texts of one call take.
            cancel: Stops it; the history then stays as it is.
            goal_tokens: The most a request may take afterwards; None: what the window allows.
            focus: What the summary should keep most of.
            scale: How much more a message takes than is estimated, as the provider counts.

        Raises:
            Cancelled: Interrupted.
        """
        before = list(self._talk.messages)

        def measure(message: Message) -> int:
            return math.ceil(self._parts.measure(message) * scale)

        plan = await asyncio.to_thread(
            make_plan,
            before,
            self.limits,
            measure=measure,
            fixed_tokens=fixed_tokens,
            goal_tokens=goal_tokens,
            by_hand=cause == "manual",
            new_id=self._parts.new_id,
        )
        if plan is None:
            self._rest(fixed_tokens + sum(map(measure, before)))
            return "nothing"
        journal = self._parts.journal
        journal.emit(CompactionStarted(cause=cause, messages_before=len(before)))
        await journal.flush()
        try:
            return await self._carry_out(plan, before, measure, focus, cancel)
        except (Cancelled, asyncio.CancelledError):
            journal.emit(CompactionFailed(error="Interrupted; the conversation is unchanged."))
            raise
        except Exception as error:
            _log.exception("shortening the conversation broke")
            journal.emit(CompactionFailed(error=f"{type(error).__name__}: {error}"[:500]))
            raise

    async def _carry_out(
        self,
        plan: Plan,
        before: list[Message],
        measure: Measure,
        focus: str,
        cancel: TurnCancel,
    ) -> Outcome:
        parts = self._parts
        summary, is_local = None, False
        if plan.needs_summary:
            body, problem = await self._summary(plan, focus, cancel)
            is_local = problem is not None
            if problem is not None and parts.settings.abort_on_summary_failure:
                self._rest(plan.tokens_before)
                parts.journal.emit(CompactionFailed(error=f"No summary: {problem}"[:500]))
                return "failed"
            if problem is not None:
                self._tell_local(problem)
            summary = summary_message(
                body, self._talk.todos, unique=parts.new_id(), timestamp=parts.clock.time()
            )
        after = plan.assemble(summary)
        if problems := await asyncio.to_thread(find_problems, before, after):
            _log.error("a shortened history was refused: %s", "; ".join(problems))
            text = f"The shortened history was not sound ({problems[0]}); nothing was changed."
            parts.journal.emit(CompactionFailed(error=text))
            return "failed"
        system = await parts.rebuild_prompt()
        cancel.raise_if_set()
        if self._talk.messages != before:
            text = "The conversation was changed meanwhile; nothing was shortened."
            parts.journal.emit(CompactionFailed(error=text))
            return "failed"
        size = plan.tokens_before - sum(map(measure, before)) + sum(map(measure, after))
        await self._keep(plan, summary, after, system, size, is_local=is_local)
        return "shortened"

    async def _summary(self, plan: Plan, focus: str, cancel: TurnCancel) -> tuple[str, str | None]:
        """The summary, and what was wrong with the models if none of them wrote it."""
        ask = asyncio.create_task(
            self._parts.auxiliary.ask(
                TASK,
                lambda runtime, halvings: summary_request(
                    plan, runtime, focus=focus, halvings=halvings
                ),
                attempts=ATTEMPTS,
            ),
            name="summary",
        )
        stopped = asyncio.create_task(cancel.wait())
        try:
            await asyncio.wait({ask, stopped}, return_when=asyncio.FIRST_COMPLETED)
            cancel.raise_if_set()
            body = await ask
        except AuxiliaryFailed as error:
            return await asyncio.to_thread(local_summary, plan), str(error)
        finally:
            for task in (ask, stopped):
                task.cancel()
            await asyncio.gather(ask, stopped, return_exceptions=True)
        return body[: 2 * plan.summary_target * CHARS_PER_TOKEN], None

    async def _keep(
        self,
        plan: Plan,
        summary: Message | None,
        after: list[Message],
        system: str,
        size: int,
        *,
        is_local: bool,
    ) -> None:
        """Write it down, then use it. What cannot be saved is used all the same."""
        parts, talk = self._parts, self._talk
        following = plan.pinned or (plan.tail[0] if plan.tail else None)
        change = Shortening(
            dropped=[*self._not_saved, *plan.dropped],
            summary=() if summary is None else (summary,),
            before=None if following is None else following.message_id,
            replaced=plan.shortened,
        )
        finished = CompactionFinished(
            messages_before=len(talk.messages),
            messages_after=len(after),
            summary_ref=None if summary is None else summary.message_id,
            degraded=is_local,
            tokens_before=plan.tokens_before,
            tokens_after=size,
        )
        epoch = 0

        async def write(event: CoreEvent) -> None:
            nonlocal epoch
            epoch = await parts.store.compact(
                parts.journal.session_id, change, events=[event], patch={"system_prompt": system}
            )

        try:
            await parts.journal.write(finished, write)
            self._not_saved = []
        except StoreError as error:
            self._not_saved = list(change.dropped)
            parts.journal.emit(
                CompactionFailed(
                    error=f"The shortened conversation could not be saved: {error}"[:500],
                    fallback="It is used until hermes ends.",
                )
            )
        talk.messages[:] = after
        talk.system = system
        talk.last_prompt_tokens = 0
        self._rest(size)
        parts.on_done()
        limits = self.limits
        parts.journal.emit(
            ContextGauge(used=size, window=limits.window, threshold=limits.threshold)
        )
        if epoch > 1 and summary is not None:
            self._tell_repeated(epoch)

    def _rest(self, size: int) -> None:
        """After one, and when there is nothing to shorten, let the request grow a little."""
        self._rest_until = size + self.limits.window // 10

    def _tell_local(self, problem: str) -> None:
        text = (
            f"No model could summarise the conversation ({problem.rstrip('.')}). A short account "
            "was put together from the messages instead; details may be missing."
        )
        self._parts.journal.emit(Notice(level="warn", code="summary_local", text=text))

    def _tell_repeated(self, times: int) -> None:
        text = (
            f"This conversation has been summarised {times} times. Details fade each time; "
            "/new begins a fresh one."
        )
        self._parts.journal.emit(Notice(level="warn", code="summarised_often", text=text))
