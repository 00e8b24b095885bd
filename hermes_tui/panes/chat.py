"""The conversation pane: transcript, what waits, composer; follows one session's events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from hermes_core.commands import (
    Answer,
    CoreCommand,
    QueueEdit,
    QueuePause,
    QueueRemove,
    QueueReorder,
    Reply,
)
from hermes_core.errors import HermesError
from hermes_core.events import (
    CoreEvent,
    MessageDelta,
    MessageFinished,
    Notice,
    QuestionAsked,
    ReasoningDelta,
    ToolOutput,
)
from hermes_core.messages import Attachment
from hermes_core.ports import SessionHandle
from hermes_tui import cycle_collection
from hermes_tui.core_link.workspace import StoredEvents
from hermes_tui.handlers import dispatch
from hermes_tui.handlers.past import PAGE, NewestPart, first_message, seq_of, split_past
from hermes_tui.panes.past import Past
from hermes_tui.session_state import Clocks, SessionState
from hermes_widgets.clarify_card import ClarifyCard
from hermes_widgets.composing.composer import Composer
from hermes_widgets.composing.composer_history import InputHistory
from hermes_widgets.composing.composer_menu import Complete
from hermes_widgets.drawing.column import text_column
from hermes_widgets.find_bar import FindBar
from hermes_widgets.later import later
from hermes_widgets.queue_strip import QueueStrip
from hermes_widgets.transcript import Transcript

logger = logging.getLogger(__name__)

_ORDER = {"sudo": 0, "secret": 1, "choice": 2, "text": 3}
"""Which of several questions comes first."""

_GROWING = (MessageDelta, ReasoningDelta, ToolOutput)
_FIND_PAUSE_S = 0.15
"""How long nobody must have typed before the past that is not drawn is read."""
_FIND_FROM = 2
"""Characters from which the part of the past that is not drawn is looked through too."""
_TELL_EVERY_S = 1 / 30
_BREATHE_EVERY = 64


class ChatPane(Vertical):
    """One open conversation.

    Args:
        complete: Offers completions for the composer.
        history: Earlier inputs, shared by all panes.
        fold_lines: Pastes from so many lines on become chips.
        clocks: Where the time comes from.
    """

    @dataclass
    class Changed(Message):
        """What is known about the conversation changed; at most 30 a second."""

        pane: ChatPane

    @dataclass
    class Sent(Message):
        """The person sent something from this pane."""

        pane: ChatPane
        text: str
        attachments: tuple[Attachment, ...] = ()
        replaces: str = ""
        """The message that this one takes the place of, with all after it."""

    @dataclass
    class Lost(Message):
        """The stream of events ended although nobody closed the conversation."""

        pane: ChatPane
        reason: str

    def __init__(
        self,
        *,
        complete: Complete,
        history: InputHistory,
        fold_lines: int = 5,
        clocks: Clocks | None = None,
        id: str,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id, classes="chat")
        clocks = clocks or Clocks()
        self.state = SessionState(clocks=clocks)
        self.handle: SessionHandle | None = None
        self.transcript = Transcript(clock=clocks.steady, classes="transcript")
        self.queue = QueueStrip()
        self.composer = Composer(complete=complete, history=history, fold_lines=fold_lines)
        self.find_bar = FindBar()
        self.ask_strip = Static(classes="ask-strip", markup=False)
        self.card: ClarifyCard | None = None
        """The question that is shown."""
        self._cards: dict[str, ClarifyCard] = {}
        self._answered_here = ""
        self.past = Past()
        self._newest = NewestPart()
        """What `draw_newest` drew."""
        self.batch_size = 10
        """Messages drawn more at a time while scrolling up."""
        self._tell_timer: asyncio.TimerHandle | None = None

    def compose(self) -> ComposeResult:
        """Transcript above, composer below."""
        yield self.transcript
        with Vertical(classes="lower") as self._lower:
            self._align_lower(self.app.size.width)  # right at once if it stands alone
            yield self.ask_strip
            yield self.find_bar
            yield self.queue
            yield self.composer

    def on_resize(self, event: events.Resize) -> None:
        """Give the lower part the edges of the transcript's text column."""
        self._align_lower(event.size.width)

    def _align_lower(self, width: int) -> None:
        column = text_column(width, screen_width=self.app.size.width)
        right = 0 if column.narrow else max(width - column.right - 1, 0)
        # Padding, since a margin here would narrow the transcript too.
        self._lower.styles.padding = (0, right, 0, column.bar)

    # --- following -------------------------------------------------------------------

    @property
    def is_drawn(self) -> bool:
        """Whether the end of the conversation is drawn, or all of it is known."""
        return self.state.session_id != ""

    def draw_newest(self, session_id: str, newest: NewestPart) -> None:
        """Draw the end of a conversation that is about to be opened.

        What is known about the conversation, beside its title, comes with `attach`.
        """
        self._newest = newest
        self.past.begin(newest.below)
        self.state.session_id, self.state.title = session_id, newest.title
        self.state.is_whole = False
        # What the end alone tells is not kept: totals and open questions take all of it.
        told = SessionState(clocks=self.state.clocks, process_notices=self.state.process_notices)
        for event in newest.before:
            dispatch.apply(event, told, None)
        for event in newest.shown:  # in one go, or half of it would be laid out first
            dispatch.apply(event, told, self.transcript)
        self.state.last_user_text = told.last_user_text
        self.tell()

    def attach(
        self, handle: SessionHandle, stored: StoredEvents, *, window: int = 20, is_new: bool = False
    ) -> None:
        """Take in the past of a conversation and follow it from here on.

        Args:
            handle: The conversation.
            stored: What happened in it so far.
            window: Messages of the past that are drawn at first.
            is_new: Whether it begins only now.
        """
        self.handle = handle
        self.state.session_id = handle.session_id
        self.past.read_from(stored)
        self.run_worker(
            self._follow(handle, None if is_new else stored, window),
            name=f"follow {handle.session_id}",
        )

    async def go_on(self, handle: SessionHandle) -> None:
        """Follow the conversation again after its process ended, from where it broke off."""
        await self.release()
        self.handle = handle
        self.state.is_closed = False
        self.run_worker(self._heed(handle), name=f"follow {handle.session_id}")

    async def _follow(
        self, handle: SessionHandle, stored: StoredEvents | None, window: int
    ) -> None:
        if stored is not None:
            try:
                await self._fit_window(window)
                await self._take_in(stored)
            except HermesError as error:
                self.post_message(self.Lost(self, str(error)))
                return
        self._settle_past()
        self.tell()
        cycle_collection.leave_out_present()
        await self._heed(handle)

    async def _fit_window(self, window: int) -> None:
        """Draw as many messages as are wanted; what was drawn so far was drawn unasked."""
        shown, self._newest.shown, self._newest.before = self._newest.shown, (), ()
        count = sum(isinstance(event, MessageFinished) and not event.agent for event in shown)
        if count < window and self.has_older:
            await self._draw_older(window - count)
            return
        surplus, wanted = split_past(shown, window)
        if surplus:
            self.transcript.let_go_before(first_message(wanted))

    async def _take_in(self, stored: StoredEvents) -> None:
        """Learn all that happened so far, and draw what was not drawn yet.

        Page by page, and seen by nobody before all is known: half of it would look like
        turns that end now.
        """
        told = SessionState(clocks=self.state.clocks, process_notices=self.state.process_notices)
        at, upto = 0, await stored.last_seq()
        while at < upto:
            page, at = await stored.between(at, min(at + PAGE, upto)), min(at + PAGE, upto)
            await self._apply(page, told, above=self._newest.upto)
        if title := await stored.title():
            # A title given from outside, or in an older home, is told by no event.
            told.title = title
        told.last_seq = upto
        self.state.become(told)

    async def _apply(self, events: Sequence[CoreEvent], state: SessionState, *, above: int) -> None:
        """Note what happened; draw what has a number above one."""
        for count, event in enumerate(events):
            view = self.transcript if seq_of(event) > above else None
            dispatch.apply(event, state, view)
            if count % _BREATHE_EVERY == _BREATHE_EVERY - 1:
                await asyncio.sleep(0)

    async def _heed(self, handle: SessionHandle) -> None:
        """Draw what happens from now on; tell if it ends although nobody closed it."""
        try:
            await self._listen(handle)
        except HermesError as error:
            self.post_message(self.Lost(self, str(error)))
            return
        if not self.state.is_closed:
            self.post_message(self.Lost(self, "The conversation's process ended."))

    async def _listen(self, handle: SessionHandle) -> None:
        count = 0
        async for event in handle.events(self.state.last_seq):
            word = self.state.word
            dispatch.apply(event, self.state, self.transcript)
            # Text that grows changes nothing around the conversation.
            if self.state.word != word or not isinstance(event, _GROWING):
                self._tell_soon()
            count += 1
            if count % _BREATHE_EVERY == 0:
                await asyncio.sleep(0)

    def _settle_past(self) -> None:
        """Input that was delivered long ago is not waiting any more, and we are open now."""
        self.state.is_closed = False
        if self.state.turn_id is None:
            self.state.inputs.clear()
            self.state.queued.clear()

    async def show_older(self) -> bool:
        """Draw a further batch of the past above the rest; returns whether there was one."""
        try:
            return await self._draw_older(self.batch_size)
        except HermesError as error:
            logger.warning("older messages cannot be read: %s", error)
            return False

    async def _draw_older(self, messages: int) -> bool:
        batch = await self.past.batch(messages)
        if batch:
            self.transcript.prepend_history(batch)
        return bool(batch)

    def go_to_first(self) -> None:
        """Show the first message, reading what is not drawn of the past."""
        self.transcript.action_top()
        if self.past.has_older:
            self.run_worker(self._draw_first(), group="first", exclusive=True)

    async def _draw_first(self) -> None:
        try:
            older = await self.past.down_from("")
        except HermesError as error:
            logger.warning("older messages cannot be read: %s", error)
            return
        self.transcript.prepend_history(older)
        if not self.transcript.is_following:  # nobody went back to the end meanwhile
            self.transcript.action_top()

    @property
    def has_older(self) -> bool:
        """Whether some of the past is not drawn."""
        return self.past.has_older

    @on(Transcript.Pruned)
    def _pruned(self, event: Transcript.Pruned) -> None:
        event.stop()
        self.past.let_go(event.first_message_id)

    def _tell_soon(self) -> None:
        if self._tell_timer is None:
            self._tell_timer = later(self, _TELL_EVERY_S, self.tell)

    def tell(self) -> None:
        """Update the strips and say that something changed."""
        self._tell_timer = None
        self.queue.show(self.state.queued, held=self.state.is_held)
        self._drop_answered_card()
        self.post_message(self.Changed(self))

    @on(Transcript.HistoryWanted)
    def _history_wanted(self, event: Transcript.HistoryWanted) -> None:
        event.stop()
        if self.past.has_older:
            self.run_worker(self.show_older(), group="past")

    @on(Transcript.EditRequested)
    def _edit_requested(self, event: Transcript.EditRequested) -> None:
        event.stop()
        self.composer.replace_draft(event.text)
        self.state.rewriting = event.message_id
        self.composer.focus_field()
        self.tell()

    @on(Transcript.Left)
    def _blocks_left(self, event: Transcript.Left) -> None:
        event.stop()
        self.composer.focus_field()

    # --- finding ---------------------------------------------------------------------

    @on(FindBar.Wanted)
    def _find_wanted(self, event: FindBar.Wanted) -> None:
        event.stop()
        job: Callable[[], Awaitable[None]] = partial(self._find, event.text)
        self.run_worker(job, group="find", exclusive=True)

    async def _find(self, text: str) -> None:
        """Find words in what is drawn and, drawing it, in the rest of the past."""
        self.transcript.find(text)
        self._count_found()
        if len(text.strip()) >= _FIND_FROM and self.past.has_older:
            await asyncio.sleep(_FIND_PAUSE_S)  # somebody who types on cancels this
            try:
                older = await self.past.down_from(text)
            except HermesError as error:
                logger.warning("older messages cannot be read: %s", error)
            else:
                if older:
                    self.transcript.prepend_history(older)
                    self.transcript.find(text)
                    self._count_found()

    @on(FindBar.Stepped)
    def _find_stepped(self, event: FindBar.Stepped) -> None:
        event.stop()
        self.transcript.find_step(event.step)
        self._count_found()

    @on(FindBar.Closed)
    def _find_closed(self, event: FindBar.Closed) -> None:
        event.stop()
        self.transcript.find("")
        self.composer.focus_field()

    def _count_found(self) -> None:
        self.find_bar.show_count(self.transcript.found_at, self.transcript.found_count)

    def find(self) -> None:
        """Open the row in which one types what to find; all of the past is looked at."""
        self.find_bar.open()

    # --- what waits ------------------------------------------------------------------

    @on(QueueStrip.EditAsked)
    def _queue_edit(self, event: QueueStrip.EditAsked) -> None:
        event.stop()
        self.composer.replace_draft(event.text)
        self.state.requeueing = event.input_id
        self.composer.focus_field()
        self.tell()

    async def _requeue(self, text: str) -> None:
        """Change a waiting message; one that was delivered meanwhile leaves the draft."""
        input_id, self.state.requeueing = self.state.requeueing, ""
        reply = await self.send(QueueEdit(input_id=input_id, text=text, client="screen"))
        if not reply.ok:
            self.composer.give_back(text)
            text = f"{reply.text} Enter sends it as a message of its own."
            self.transcript.notice(Notice(level="error", code="local", text=text))
        self.tell()

    @on(QueueStrip.DropAsked)
    async def _queue_drop(self, event: QueueStrip.DropAsked) -> None:
        event.stop()
        await self.send(QueueRemove(input_id=event.input_id, client="screen"))

    @on(QueueStrip.OrderAsked)
    async def _queue_order(self, event: QueueStrip.OrderAsked) -> None:
        event.stop()
        await self.send(QueueReorder(input_ids=event.input_ids, client="screen"))

    @on(QueueStrip.PauseAsked)
    async def _queue_pause(self, event: QueueStrip.PauseAsked) -> None:
        event.stop()
        await self.send(QueuePause(paused=event.paused, client="screen"))

    @on(QueueStrip.Left)
    def _queue_left(self, event: QueueStrip.Left) -> None:
        event.stop()
        self.composer.focus_field()

    # --- asking ----------------------------------------------------------------------

    def show_ask_strip(self, text: str) -> None:
        """Say in one row above the composer that somebody is needed; empty hides it."""
        self.ask_strip.update(
            Content.assemble(("! ", "$h-warn bold"), (text, "$h-warn")) if text else Content("")
        )
        self.ask_strip.set_class(bool(text), "-filled")

    async def ask(self, questions: Sequence[QuestionAsked], *, grace_s: float = 0.3) -> None:
        """Show questions above the composer and put the keyboard into the first one.

        Args:
            questions: Those that are open; what was shown before stays.
            grace_s: How long a fresh one ignores keys.
        """
        for question in questions:
            if question.request_id in self._cards:
                self._cards[question.request_id].extend(question.expires_at)
            else:
                clocks = self.state.clocks
                card = ClarifyCard(
                    question, grace_s=grace_s, clock=clocks.steady, wall_clock=clocks.wall
                )
                card.display = False
                self._cards[question.request_id] = card
                await self._lower.mount(card, before=self.composer)
        if self.card is None:
            self._show_next_card()
        self._tell_places()

    def _show_next_card(self) -> None:
        """Show the question whose turn it is after the shown one."""
        cards = sorted(self._cards.values(), key=lambda card: _ORDER[card.question.kind])
        at = cards.index(self.card) + 1 if self.card in cards else 0
        if self.card is not None:
            self.card.display = False
        self.card = cards[at % len(cards)] if cards else None
        if self.card is not None:
            self.card.display = True
            self.card.take_focus()
        self._tell_places()

    def _tell_places(self) -> None:
        cards = sorted(self._cards.values(), key=lambda card: _ORDER[card.question.kind])
        for at, card in enumerate(cards, 1):
            card.show_place(f"question {at} of {len(cards)}" if len(cards) > 1 else "")

    @on(ClarifyCard.NextWanted)
    def _next_wanted(self, event: ClarifyCard.NextWanted) -> None:
        event.stop()
        if len(self._cards) > 1:
            self._show_next_card()

    def _drop_answered_card(self) -> None:
        gone = [key for key in self._cards if key not in self.state.questions]
        for key in gone:
            card = self._cards.pop(key)
            if card is self.card:
                self.card = None
            card.remove()
            self._tell_who_answered(key)
        if gone and self.card is None:
            self._show_next_card()
            if self.card is None:
                self.composer.focus_field()

    def _tell_who_answered(self, request_id: str) -> None:
        """Say who answered a question that was shown here, unless it was answered here."""
        answer = self.state.answered_last
        if request_id == self._answered_here or answer is None or not answer.by:
            return
        if answer.request_id == request_id:
            text = f"Answered by {answer.by}"
            self.transcript.notice(Notice(level="info", code="local", text=text))

    @on(ClarifyCard.Answered)
    async def _answered(self, event: ClarifyCard.Answered) -> None:
        event.stop()
        question = event.question
        self._answered_here = question.request_id
        await self.send(
            Answer(
                request_id=question.request_id,
                value=event.value,
                shown_hash=question.shown_hash,
            )
        )

    # --- telling the core ------------------------------------------------------------

    async def send(self, command: CoreCommand) -> Reply:
        """Ask the session for something; a lost owner is reported like a refusal."""
        if self.handle is None:
            return Reply(ok=False, code="starting", text="The conversation is still opening")
        try:
            return await self.handle.send(command)
        except HermesError as error:
            return Reply(ok=False, code="owner_lost", text=str(error))

    @on(Composer.Typed)
    def _composer_typed(self, event: Composer.Typed) -> None:
        self.transcript.make_way()
        if not event.text and (self.state.rewriting or self.state.requeueing):
            self.state.rewriting = self.state.requeueing = ""
            self.tell()

    @on(Composer.Sent)
    def _composer_sent(self, event: Composer.Sent) -> None:
        event.stop()
        if self.state.requeueing:
            self.run_worker(self._requeue(event.text))
            return
        replaces, self.state.rewriting = self.state.rewriting, ""
        self.post_message(self.Sent(self, event.text, event.attachments, replaces))

    async def release(self) -> None:
        """Let go of the session."""
        handle, self.handle = self.handle, None
        self.workers.cancel_node(self)
        if handle is not None:
            await handle.release()
