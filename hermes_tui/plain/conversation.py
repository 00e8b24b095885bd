"""Following one conversation: its events become lines and questions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec import UNSET

from hermes_core.commands import CoreCommand, Reply
from hermes_core.errors import HermesError
from hermes_core.events import (
    ApprovalResolved,
    CoreEvent,
    InputAccepted,
    InputState,
    MessageFinished,
    SessionTitled,
    ToolFinished,
    ToolSkipped,
    TurnFinished,
    TurnStarted,
)
from hermes_core.ports import SessionHandle
from hermes_tui.handlers import dispatch
from hermes_tui.handlers.past import split_past
from hermes_tui.plain.asker import Asker
from hermes_tui.plain.page import Page
from hermes_tui.plain.requests import approve, clarify, resolved_words
from hermes_tui.plain.transcript import PlainTranscript
from hermes_tui.session_state import Clocks, SessionState

SHOWN_MESSAGES = 6
"""How many messages of the past are printed when a conversation is opened."""

WORKING = "working..."

Start = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a job beside the caller."""


class Conversation:
    """One conversation and what is known about it.

    Args:
        page: Where it is printed.
        asker: Asks what the agent asks.
        clocks: Where the time comes from.
        start: Runs jobs.
        changed: Set whenever something happened; a fresh one if there is none.
    """

    def __init__(
        self,
        page: Page,
        asker: Asker,
        *,
        clocks: Clocks,
        start: Start,
        changed: asyncio.Event | None = None,
    ) -> None:
        self._page = page
        self._asker = asker
        self._start = start
        self.state = SessionState(clocks=clocks)
        self.transcript = PlainTranscript(page)
        self.changed = changed or asyncio.Event()
        self.handle: SessionHandle | None = None
        self.failure: BaseException | None = None
        """What ended the following of events and was not expected."""
        self._listener: asyncio.Task[None] | None = None
        self._asked: set[str] = set()
        self._waiting: set[str] = set()
        self._turn_of: dict[str, str | None] = {}
        self._over: set[str | None] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing that was sent still waits for its turn."""
        return not self.state.is_busy and not self._waiting

    @property
    def is_ours(self) -> bool:
        """Whether it runs in this process, and so ends with it."""
        return self.handle is None or self.handle.is_owner

    def attach(self, handle: SessionHandle, past: Sequence[CoreEvent] = ()) -> None:
        """Print the end of the past and follow the conversation from here on."""
        self.handle = handle
        self.state.session_id = handle.session_id
        self._print_past(past)
        self._listener = asyncio.create_task(self._listen(handle))
        self._listener.add_done_callback(self._ended)

    def _print_past(self, past: Sequence[CoreEvent]) -> None:
        older, shown = split_past(past, SHOWN_MESSAGES)
        for event in older:
            dispatch.apply(event, self.state, None)
        if past:
            self._page.say(self._resumed(past))
        hidden = sum(isinstance(event, MessageFinished) for event in older)
        if hidden:
            self._page.say(f"... {hidden} earlier messages")
        self.transcript.is_past = True
        for event in shown:
            dispatch.apply(event, self.state, self.transcript)
        self.transcript.is_past = False
        self.state.is_closed = False
        if self.state.turn_id is None:
            self.state.inputs.clear()
            self.state.queued.clear()
        elif past:
            self._page.say(WORKING)

    def _resumed(self, past: Sequence[CoreEvent]) -> str:
        messages = [item for item in past if isinstance(item, MessageFinished) and not item.agent]
        count = sum(item.role == "user" for item in messages)
        titles = [item.title for item in past if isinstance(item, SessionTitled)]
        title = titles[-1] if titles else ""
        named = f' "{title}"' if title else ""
        user = f"{count} user message{'s' * (count != 1)}"
        return f"Resumed session {self.state.session_id}{named} ({user}, {len(messages)} in all)"

    async def _listen(self, handle: SessionHandle) -> None:
        async for event in handle.events(self.state.last_seq):
            self.take(event)
        if not self.state.is_closed:
            self._lost("The process that ran this conversation has ended.")

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, HermesError):
            self._lost(str(error))
        else:
            self.failed_with(error)

    def _lost(self, why: str) -> None:
        self.state.is_closed = True
        self.state.turn_id = self.state.turn_started = None
        self._waiting.clear()
        self._page.say(f"Error: {why}\n/resume {self.state.session_id} opens it again")
        self.changed.set()

    def failed_with(self, error: BaseException | None) -> None:
        """Note an error nobody expected; it ends the program with a report."""
        if error is not None:
            self.failure = self.failure or error
            self.changed.set()

    def take(self, event: CoreEvent) -> None:
        """Print an event, and ask what it asks."""
        was_running = self.state.turn_id is not None
        dispatch.apply(event, self.state, self.transcript)
        if not event.agent:  # a child's turns are not the conversation's
            self._note(event)
            if isinstance(event, TurnStarted) and not was_running:
                self._page.say(WORKING)
            elif isinstance(event, InputAccepted):
                self._tell_accepted(event)
        if isinstance(event, ApprovalResolved):
            self._asker.take_back(event.request_id, resolved_words(event))
        self._ask_open()
        if isinstance(event, ToolFinished | ToolSkipped | TurnFinished):
            self._asker.remind()
        self.changed.set()

    def _tell_accepted(self, event: InputAccepted) -> None:
        if event.mode == "queue" and self.state.is_busy:
            self._page.say(f"Queued: {len(self.state.queued)} waiting.")
        elif event.mode == "steer":
            self._page.say("Sent into the running turn.")

    def _ask_open(self) -> None:
        for request in self.state.approvals.values():
            if request.request_id not in self._asked:
                self._asked.add(request.request_id)
                self._start(self._approve(request.request_id))
        for question in self.state.questions.values():
            if question.request_id not in self._asked:
                self._asked.add(question.request_id)
                self._start(self._clarify(question.request_id))
        known = {*self.state.approvals, *self.state.questions}
        for closed in self._asked - known:
            self._asked.discard(closed)
            self._asker.take_back(closed, "The question is closed; no answer is needed.")

    async def _approve(self, request_id: str) -> None:
        request = self.state.approvals.get(request_id)
        if request is not None:
            answer = await approve(
                self._asker,
                request,
                now=self.state.clocks.wall(),
                wanted=lambda: request_id in self.state.approvals,
            )
            if request_id in self.state.approvals:
                await self._send_answer(answer)

    async def _clarify(self, request_id: str) -> None:
        question = self.state.questions.get(request_id)
        if question is not None:
            answer = await clarify(
                self._asker, question, wanted=lambda: request_id in self.state.questions
            )
            if request_id in self.state.questions:
                await self._send_answer(answer)

    async def _send_answer(self, answer: CoreCommand) -> None:
        reply = await self.send(answer)
        if not reply.ok:
            self._page.say(f"Error: {reply.text or 'The answer was not taken'}")

    # --- what was sent and is not answered yet ---------------------------------------

    def sent(self, input_id: str) -> None:
        """Note a message of ours, to know when everything is answered."""
        if input_id and self._turn_of.get(input_id, UNSET) not in self._over:
            self._waiting.add(input_id)

    def _note(self, event: CoreEvent) -> None:
        if isinstance(event, TurnStarted):
            self._turn_of.update(dict.fromkeys(event.input_ids, event.turn_id))
        elif isinstance(event, InputState) and event.state == "delivered":
            self._turn_of[event.input_id] = event.turn_id
        elif isinstance(event, InputState) and event.state == "cancelled":
            self._waiting.discard(event.input_id)
            self._turn_of[event.input_id] = None
            self._over.add(None)
        elif isinstance(event, TurnFinished):
            self._over.add(event.turn_id)
            self._waiting -= {key for key, turn in self._turn_of.items() if turn == event.turn_id}

    async def send(self, command: CoreCommand) -> Reply:
        """Ask the session for something; a lost owner is reported like a refusal."""
        if self.handle is None:
            return Reply(ok=False, code="starting", text="The conversation is still opening")
        try:
            return await self.handle.send(command)
        except HermesError as error:
            return Reply(ok=False, code="owner_lost", text=str(error))

    async def release(self) -> None:
        """Let go of the session."""
        handle, self.handle = self.handle, None
        if self._listener is not None:
            self._listener.remove_done_callback(self._ended)
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if handle is not None:
            await handle.release()
