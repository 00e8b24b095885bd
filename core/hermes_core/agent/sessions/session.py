"""The session actor: commands in, events out, one turn at a time.

All methods run on one event loop; between two awaits nothing else happens, which is
what makes "exactly one turn" true without locks. Another process reaches this actor
through the socket in `owner_socket.py`; nobody but the actor resolves a question.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from decimal import Decimal

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.by_hand import CompactionByHand
from hermes_core.agent.compaction.compactor import LEAST_MESSAGES
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.session_parts import SessionParts
from hermes_core.agent.turns.model_call import Steer
from hermes_core.agent.turns.turn import Turn
from hermes_core.agent.turns.typed_command import TypedCommand
from hermes_core.commands import (
    Answer,
    AskSide,
    Branch,
    Close,
    Compact,
    CoreCommand,
    Extend,
    Interrupt,
    QueueEdit,
    QueuePause,
    QueueRemove,
    QueueReorder,
    Reply,
    Retry,
    RevokeGrant,
    Rewind,
    Rollback,
    RunCommand,
    SetApprovalMode,
    SetOverlay,
    SetReasoning,
    SetRuntime,
    SetServiceTier,
    SetTitle,
    SpawnBackground,
    Submit,
    Subscribe,
    Undo,
)
from hermes_core.errors import HermesError
from hermes_core.events import (
    CheckpointRestored,
    CoreEvent,
    Heartbeat,
    InputMode,
    MessageStarted,
    Notice,
    RewindCause,
    SessionClosed,
    SessionRewound,
    SessionRuntimeChanged,
    SessionTitled,
)
from hermes_core.messages import Message, clean_text
from hermes_core.providers.facts.fast_mode import has_fast_mode
from hermes_core.security.approvals import Grant
from hermes_core.storage.session_ids import new_session_id

HEARTBEAT_S = 10.0
CLOSE_WAIT_S = 5.0
"""How long a closing session waits for its interrupted turn."""

EFFORTS = ("", "none", "minimal", "low", "medium", "high", "xhigh")

_log = logging.getLogger(__name__)


class Session:
    """One live conversation. A `SessionHandle` for doors in this process."""

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts
        self._journal = parts.journal
        self._talk = parts.conversation
        self._turn: Turn | CompactionByHand | TypedCommand | None = None
        """What runs; summarising by hand or a typed command takes the place of a turn."""
        self._task: asyncio.Task[None] | None = None
        self._steer = Steer()
        self._next_note = ""
        self._is_closed = False
        self._closed = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.remote_users = 0
        """Clients attached through the socket; they can answer questions too."""

    # --- the handle ------------------------------------------------------------------------

    @property
    def session_id(self) -> str:
        """The id, which never changes."""
        return self._parts.session_id

    @property
    def is_busy(self) -> bool:
        """Whether a turn runs."""
        return self._turn is not None

    @property
    def is_attended(self) -> bool:
        """Whether somebody can answer a question."""
        return self._parts.interactive or self.remote_users > 0

    @property
    def cancel(self) -> TurnCancel:
        """The token of the running turn; a fresh one when idle."""
        return self._turn.cancel if self._turn is not None else TurnCancel()

    @property
    def cost_limit(self) -> Decimal | None:
        """What the conversation may cost, in USD; None: there is no limit."""
        return self._parts.budget.limit

    @property
    def token_limit(self) -> int | None:
        """How many tokens it may use; None: there is no limit."""
        return self._parts.budget.tokens.limit

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What was allowed for longer than once."""
        return self._parts.approvals.grants()

    @property
    def conversation(self) -> Conversation:
        """The model's side of it, for the composition root."""
        return self._talk

    def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        """Stored events after `from_seq`, the open texts so far, then live ones."""
        return aiter(self._journal.hub.subscribe(from_seq))

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        """The newest stored events before `before_seq` (or the end), oldest first."""
        if not self._is_closed:
            await self._journal.flush()
        upto = self._journal.last_seq if before_seq is None else before_seq - 1
        return await self._parts.store.events(
            self.session_id, after_seq=max(0, upto - limit), limit=min(limit, upto)
        )

    def retain(self) -> Session:
        """Count another user of this actor."""
        self._users += 1
        return self

    async def release(self) -> None:
        """Let go; the last one out closes the actor and interrupts what runs."""
        self._users -= 1
        if self._is_unused:
            await self.close("released")

    async def leave(self) -> None:
        """A client of the socket has gone; the last one out closes an idle actor.

        A turn that runs is finished first: the connection may only have broken.
        """
        self.remote_users -= 1
        if self._is_unused and self._turn is None:
            await self.close("released")

    @property
    def _is_unused(self) -> bool:
        return self._users <= 0 and self.remote_users == 0

    @property
    def is_closed(self) -> bool:
        """Whether it has ended or is about to; it takes no commands any more."""
        return self._is_closed

    async def wait_closed(self) -> None:
        """Return when the end is written down and the lease given back."""
        await self._closed.wait()

    async def send(self, command: CoreCommand) -> Reply:
        """Do what is asked, or say why not."""
        if self._is_closed:
            return Reply(ok=False, code="closed", text="This conversation is closed.")
        try:
            return await self._dispatch(command)
        except HermesError as error:
            text = f"{error} {error.hint}".strip()
            return Reply(ok=False, code=type(error).__name__, text=text)

    async def _dispatch(self, command: CoreCommand) -> Reply:  # noqa: C901  one flat table
        match command:
            case Submit():
                return await self._submit(command)
            case Interrupt(scope="child", child_id=str(child_id)):
                helpers = self._parts.helpers
                stopped = helpers is not None and helpers.stop(child_id)
                stopped = stopped or await self._parts.stop_beside(child_id)
                return _found(stopped, "background work")
            case Interrupt():
                return self._interrupt(command)
            case Answer():
                reply = self._parts.pending.answer(command)
                await asyncio.sleep(0)  # let the waiter write its resolution
                return reply
            case Extend(request_id=request_id):
                return self._parts.pending.extend(request_id)
            case QueueEdit(input_id=input_id, text=text):
                return await self._queued(self._parts.inbox.edit(input_id, text))
            case QueueRemove(input_id=input_id):
                return await self._queued(self._parts.inbox.remove(input_id))
            case QueueReorder(input_ids=ids):
                self._parts.inbox.reorder(ids)
                return await self._queued(True)
            case QueuePause(paused=paused):
                return await self._pause_queue(paused)
            case SetRuntime():
                return await self._set_runtime(command)
            case SetReasoning(effort=effort):
                return self._set_reasoning(effort)
            case SetServiceTier(tier=tier):
                return self._set_service_tier(tier)
            case SetApprovalMode(mode=mode):
                return self._set_approval_mode(mode)
            case RevokeGrant(key=key):
                return _found(await self._parts.approvals.revoke(key), "grant")
            case SetOverlay(text=text):
                self._talk.overlay = clean_text(text).strip()
                return Reply(ok=True)
            case SetTitle(title=title):
                return await self._set_title(title)
            case Rollback():
                return await self._rollback(command)
            case Undo():
                return await self._undo("undo")
            case Retry():
                return await self._retry(command)
            case Rewind(message_id=message_id):
                return await self._undo("rewind", message_id)
            case Branch():
                return await self._branch(command)
            case Close(reason=reason):
                await self.close(reason)
                return Reply(ok=True)
            case Subscribe():
                return Reply(ok=False, code="use_events", text="Iterate events() instead.")
            case Compact(focus=focus):
                return self._compact(focus)
            case RunCommand(text=text):
                return await self._run_typed(text)
            case SpawnBackground(prompt=text) | AskSide(question=text):
                return await self._beside(command, text)

    # --- input -----------------------------------------------------------------------------

    async def _submit(self, command: Submit) -> Reply:
        if not clean_text(command.text).strip() and not command.attachments:
            return Reply(ok=False, code="empty", text="There is nothing to send.")
        mode: InputMode = "start"
        if self._turn is not None:
            mode = self._parts.busy_mode if command.mode == "default" else command.mode
        if self._next_note:
            note = "\n\n".join(part for part in (self._next_note, command.note) if part)
            command = msgspec.structs.replace(command, note=note)
            self._next_note = ""
        item = self._parts.inbox.accept(command, mode)
        self._parts.inbox.hold(False)
        if self._turn is None:
            self._begin()
        elif mode == "steer":
            self._steer.set()
        elif mode == "interrupt":
            self._turn.cancel.set()
        await self._journal.flush()
        return Reply(ok=True, data={"input_id": item.input_id, "mode": mode})

    def _interrupt(self, command: Interrupt) -> Reply:
        helpers = self._parts.helpers
        ended = command.scope == "all" and helpers is not None and helpers.stop_all()
        if self._turn is None:
            return Reply(ok=ended, code="" if ended else "idle", text="Nothing is running.")
        self._parts.inbox.hold(True)
        self._turn.cancel.set()
        return Reply(ok=True)

    async def _beside(self, command: SpawnBackground | AskSide, text: str) -> Reply:
        helpers, text = self._parts.helpers, clean_text(text).strip()
        if helpers is None:
            return Reply(ok=False, code="not_available", text="Nothing can work beside this.")
        if not text:
            return Reply(ok=False, code="empty", text="There is nothing to do.")
        start = helpers.spawn if isinstance(command, SpawnBackground) else helpers.ask
        task_id = start(text)
        await self._journal.flush()
        return Reply(ok=True, data={"task_id": task_id})

    async def _queued(self, found: bool) -> Reply:
        await self._journal.flush()
        return _found(found, "queued message")

    async def _pause_queue(self, paused: bool) -> Reply:
        self._parts.inbox.hold(paused)
        if not paused and self._turn is None and self._parts.inbox.queued:
            self._begin()
        return await self._queued(True)

    # --- turns -----------------------------------------------------------------------------

    def _begin(self) -> None:
        inputs = self._parts.inbox.take_next()
        if not inputs:
            return
        turn = Turn(
            self._parts.turn_parts,
            self._talk,
            turn_id=self._parts.turn_parts.new_id(),
            take_steered=self._parts.inbox.take_urgent,
            steer=self._steer,
        )

        async def run() -> None:
            finish = await turn.run(inputs)
            if self._parts.titles is not None:
                self._parts.titles.after_turn(finish)

        self._occupy(turn, run)

    async def _run_typed(self, text: str) -> Reply:
        """Let a command of the person's own take the place of a turn."""
        if refusal := self._busy("Agent is running — wait or /stop first, then run it."):
            return refusal
        typed = TypedCommand(self._parts.turn_parts, self._talk, clean_text(text).strip())
        self._occupy(typed, typed.run)
        return Reply(ok=True, data={"input_id": typed.input_id})

    def _occupy(
        self, running: Turn | CompactionByHand | TypedCommand, run: Callable[[], Awaitable[None]]
    ) -> None:
        """Do one thing that nothing else may overlap."""
        self._turn = running
        self._steer.clear()
        self._idle.clear()

        async def work() -> None:
            beat = asyncio.create_task(self._beat())
            try:
                async with self._parts.turn_gate or nullcontext():
                    await run()
            finally:
                beat.cancel()
                self._turn = None
                self._after_turn()

        self._task = asyncio.create_task(work(), name=f"turn {self.session_id}")

    def _after_turn(self) -> None:
        inbox = self._parts.inbox
        if self._journal.is_saved:
            inbox.forget_delivered()
        more = inbox.has_urgent or (bool(inbox.queued) and not inbox.is_held)
        if more and not self._is_closed:
            self._begin()
            return
        self._idle.set()
        if self._is_unused and not self._is_closed:
            self._closing = asyncio.create_task(self.close("released"))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            state = "awaiting_user" if self._parts.pending.is_waiting else "working"
            self._journal.emit(Heartbeat(state=state))

    async def wait_idle(self) -> None:
        """Return when no turn runs and none is about to start."""
        await self._idle.wait()

    # --- changing the conversation -----------------------------------------------------------

    def _busy(self, text: str) -> Reply | None:
        return Reply(ok=False, code="busy", text=text) if self._turn is not None else None

    def _compact(self, focus: str) -> Reply:
        if refusal := self._busy("Agent is running — wait or /stop first, then summarise."):
            return refusal
        parts = self._parts.turn_parts
        if not parts.compactor.is_enabled:
            text = "Summaries are off: compression.enabled is false."
            return Reply(ok=False, code="disabled", text=text)
        if len(self._talk.messages) < LEAST_MESSAGES:
            return Reply(ok=False, code="nothing", text="There is nothing to summarise yet.")
        by_hand = CompactionByHand(parts, self._talk, focus)
        self._occupy(by_hand, by_hand.run)
        return Reply(ok=True)

    async def _undo(self, cause: RewindCause, message_id: str = "") -> Reply:
        """Take back the message of that id, the last one if none is named, and all after it."""
        if refusal := self._busy("Agent is running — wait or /stop first."):
            return refusal
        last = self._message_of(message_id)
        if last is None and message_id:
            text = "That message is no longer in the history: it was summarised or taken back."
            return Reply(ok=False, code="not_found", text=text)
        if last is None:
            text = "There is nothing to undo; what came before was summarised."
            text = text if self._talk.messages else "There is nothing to undo."
            return Reply(ok=False, code="nothing", text=text)
        await self._rewind(last.message_id, cause)
        return Reply(ok=True, data={"text": last.content})

    async def _rewind(self, message_id: str, cause: RewindCause) -> None:
        store, session_id = self._parts.store, self.session_id
        await self._journal.write(
            SessionRewound(from_message_id=message_id, cause=cause),
            lambda event: store.rewind(session_id, from_message_id=message_id, events=[event]),
        )
        self._talk.cut_from(message_id)
        self._parts.on_rewind()
        self._parts.gauge.tell()

    def _message_of(self, message_id: str) -> Message | None:
        return self._talk.user_message(message_id) if message_id else self._talk.last_user()

    async def _branch(self, command: Branch) -> Reply:
        if refusal := self._busy("Agent is running — wait or /stop first, then branch."):
            return refusal
        await self._journal.flush()
        parts = self._parts
        new_id = new_session_id(parts.turn_parts.clock.time())
        count = await parts.store.branch(
            self.session_id,
            new_id,
            before_message_id=command.before_message_id,
            title=command.title,
        )
        return Reply(ok=True, data={"session_id": new_id, "messages": count})

    async def _retry(self, command: Retry) -> Reply:
        last = self._message_of(command.message_id)
        reply = await self._undo("retry", command.message_id)
        if not reply.ok or last is None:
            return reply
        return await self._submit(
            Submit(text=last.content, attachments=last.attachments, client=command.client)
        )

    async def _rollback(self, command: Rollback) -> Reply:
        if refusal := self._busy("Agent is running — wait or /stop first."):
            return refusal
        rollbacks, checkpoint = self._parts.rollbacks, command.checkpoint_id
        turn_id = await rollbacks.turn_of(checkpoint)
        files: list[str] = []
        if command.scope != "conversation":
            files = await rollbacks.restore(checkpoint, path=command.path)
            self._journal.emit(
                CheckpointRestored(checkpoint_id=checkpoint, files=tuple(files[:100]))
            )
            self._parts.on_rewind()
        is_rewound = False
        if command.scope != "files" and command.path is None:
            is_rewound = await self._rewind_turn(turn_id)
        await self._journal.flush()
        if command.scope == "conversation" and not is_rewound:
            text = "That snapshot belongs to no turn that can be taken back."
            return Reply(ok=False, code="nothing", text=text)
        return Reply(ok=True, data={"files": len(files), "rewound": is_rewound})

    async def _rewind_turn(self, turn_id: str) -> bool:
        """Take back a turn and all after it; False if it is not in the history any more."""
        await self._journal.flush()
        asked = await self._parts.store.events_of(self.session_id, ("message.started",))
        known = {message.message_id for message in self._talk.messages}
        for event in asked:
            if not isinstance(event, MessageStarted) or event.role != "user":
                continue
            if turn_id and event.turn_id == turn_id and event.message_id in known:
                await self._rewind(event.message_id, "rollback")
                return True
        return False

    async def _set_runtime(self, command: SetRuntime) -> Reply:
        if refusal := self._busy("Agent is running — wait or /stop first, then switch models."):
            return refusal
        switched = self._parts.switch_runtime(command.model, command.provider)
        runtime = switched.runtime
        self._talk.runtime = runtime
        self._next_note = (
            f"[From here on the model is {runtime.model} via {runtime.provider}; "
            "earlier replies were written by another one.]"
        )
        self._journal.patch(model=runtime.model, billing_provider=runtime.provider)
        self._journal.emit(SessionRuntimeChanged(runtime=runtime, cause="user"))
        await self._journal.flush()
        text = f"{switched.text} · for this conversation"
        if command.persist:
            try:
                await self._parts.keep_runtime(runtime)
                text = f"{switched.text} · kept for new conversations"
            except (HermesError, OSError) as error:
                text = f"{text} only, it cannot be kept: {error}"
        return Reply(
            ok=True, text=text, data={"model": runtime.model, "provider": runtime.provider}
        )

    def _set_reasoning(self, effort: str) -> Reply:
        if effort not in EFFORTS:
            words = ", ".join(word for word in EFFORTS if word)
            return Reply(ok=False, code="bad_value", text=f"Effort is one of: {words}.")
        self._talk.effort = effort
        return Reply(ok=True, text=f"Reasoning: {effort or 'as the model does by itself'}")

    def _set_service_tier(self, tier: str) -> Reply:
        runtime = self._talk.runtime
        if tier == "fast" and not has_fast_mode(runtime):
            text = f"{runtime.model} via {runtime.provider or 'nobody'} has no fast mode."
            return Reply(ok=False, code="not_available", text=text)
        self._talk.service_tier = tier or self._talk.service_tier
        is_fast = self._talk.service_tier == "fast"
        if is_fast and has_fast_mode(runtime):
            text = "Fast: answers come sooner and cost more; how much is not known here"
        elif is_fast:
            text = f"Fast, as soon as a model has it; {runtime.model} answers at its usual speed"
        else:
            text = "Normal: the usual speed and price"
        return Reply(ok=True, text=text, data={"tier": "fast" if is_fast else "normal"})

    def _set_approval_mode(self, mode: str) -> Reply:
        text = self._parts.approvals.set_mode(mode)
        self._journal.emit(Notice(level="info", code="approval_mode", text=text))
        return Reply(ok=True)  # whoever asked reads the notice, as all others do

    async def _set_title(self, title: str) -> Reply:
        await self._journal.flush()
        cleaned = await self._parts.store.set_title(self.session_id, title)
        self._journal.emit(SessionTitled(title=cleaned))
        await self._journal.flush()
        return Reply(ok=True, text=f"Title: {cleaned}")

    # --- the end ---------------------------------------------------------------------------

    async def close(self, reason: str) -> None:
        """Interrupt what runs, write the end down, end all iterators. Idempotent."""
        if self._is_closed:
            await self._closed.wait()
            return
        self._is_closed = True
        try:
            if self._turn is not None:
                self._turn.cancel.set()
            if self._task is not None:
                await asyncio.wait({self._task}, timeout=CLOSE_WAIT_S)
            if self._parts.titles is not None:
                await self._parts.titles.aclose()
            if self._parts.helpers is not None:
                await self._parts.helpers.aclose()
            ended_at = self._parts.turn_parts.clock.time()
            self._journal.patch(ended_at=ended_at, end_reason=reason)
            self._journal.emit(SessionClosed(reason=reason))
            await self._journal.aclose()
            if self._parts.on_close is not None:
                await self._parts.on_close()
        finally:
            self._closed.set()


def _found(found: bool, what: str) -> Reply:
    if found:
        return Reply(ok=True)
    return Reply(ok=False, code="not_found", text=f"There is no such {what} any more.")
