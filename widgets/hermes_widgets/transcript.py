"""The conversation: the one entrance through which the app shows what happens.

The widget is told by methods and never asks the session. What happens is written
as blocks by the scribe; the page below draws them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message
from textual.reactive import reactive

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    CoreEvent,
    FileDiff,
    Notice,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_widgets.block_finding import BlockFinding
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.error_card import CardAction
from hermes_widgets.blocks.ledger import Ledger
from hermes_widgets.blocks.reply_block import Ending, ReplyBlock
from hermes_widgets.blocks.scribe import Scribe
from hermes_widgets.blocks.selecting import rows_text
from hermes_widgets.blocks.start_card import StartCard, StartCardInfo
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.rows import Sheet


class Transcript(BlockFinding):
    """All that was said and done, newest at the bottom."""

    tools: reactive[str] = reactive("auto", init=False)
    """`auto` opens failures and diffs, `collapsed` nothing, `expanded` everything."""

    event_at = 0.0
    """When what is told happened, in seconds since the epoch; blocks that begin take it."""
    copies_rendered = False
    """Whether a copied block is what is seen, and not its Markdown."""
    prune_rows = 3000
    """Rows above which the oldest blocks are let go while the newest are followed."""

    @dataclass
    class Pruned(Message, namespace="transcript"):
        """Old blocks were let go; they can be put in front again."""

        first_message_id: str
        """The first message that is left, one of the person."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002  the toolkit's word
        classes: str | None = None,
    ) -> None:
        super().__init__(clock=clock, id=id, classes=classes)
        self._scribe = Scribe(self._ledger, clock)
        self._start_card: StartCard | None = None

    # --- what the app tells ------------------------------------------------------------

    def add_user(self, message_id: str, text: str, *, attachments: int = 0) -> None:
        """Show a message of the person."""
        self._note(self._scribe.add_user(message_id, text, attachments), is_new=True)

    def begin_reply(self, message_id: str) -> None:
        """A reply may come; it appears with its first character."""
        self._note(self._scribe.begin_reply(message_id))

    def append_reply(self, message_id: str, text: str) -> None:
        """Show more text of a reply."""
        self._waiting_chars += len(text)
        self._note(self._scribe.append_reply(message_id, text))

    def finish_reply(
        self,
        message_id: str,
        *,
        state: Ending = "complete",
        text: str = "",
        reason: str | None = None,
    ) -> None:
        """Close a reply. `text` is the whole of it or its beginning."""
        found = self._scribe.finish_reply(message_id, state=state, text=text, reason=reason)
        self._note(found, is_new=True)

    def append_reasoning(self, message_id: str, text: str) -> None:
        """Show more thinking."""
        self._note(self._scribe.append_reasoning(message_id, text))

    def finish_reasoning(self, message_id: str, text: str, seconds: float) -> None:
        """Fold the thinking before a reply."""
        self._note(self._scribe.finish_reasoning(message_id, text, seconds))

    def announce_tool(self, call_id: str, name: str, *, depth: int = 0) -> None:
        """Show that a call is being written. `depth` counts child agents, 0 for none."""
        self._note(self._scribe.announce_tool(call_id, name, depth))

    def start_tool(
        self,
        call_id: str,
        name: str,
        preview: str = "",
        args: Mapping[str, Any] | None = None,
        paths: Sequence[str] = (),
        *,
        kind: str = "other",
        depth: int = 0,
        by_person: bool = False,
    ) -> None:
        """Show that a tool runs."""
        found = self._scribe.start_tool(
            call_id, name, preview, args, paths, kind=kind, depth=depth, by_person=by_person
        )
        self._note(found, is_new=True)

    def tool_output(self, call_id: str, chunk: str) -> None:
        """Take live output of a running tool."""
        self._note(self._scribe.tool_output(call_id, chunk))

    def tool_waiting(self, call_id: str, waiting: bool) -> None:
        """Mark a tool as waiting for the person, or as going on."""
        self._note(self._scribe.tool_waiting(call_id, waiting))

    def finish_tool(self, event: ToolFinished) -> None:
        """Show the answer of a tool."""
        self._note(self._scribe.finish_tool(event))

    def skip_tool(self, event: ToolSkipped) -> None:
        """Show that a tool was not run or was stopped."""
        self._note(self._scribe.skip_tool(event))

    def start_agent(self, event: AgentSpawned) -> None:
        """Show that a child works."""
        self._note(self._scribe.start_agent(event), is_new=True)

    def agent_call(self, event: ToolStarted) -> None:
        """Say on a child's line what it does now."""
        self._note(self._scribe.agent_call(event))

    def finish_agent(self, event: AgentFinished) -> None:
        """Show how a child ended."""
        self._note(self._scribe.finish_agent(event))

    def begin_beside(self, event: BackgroundStarted) -> None:
        """Work beside the conversation begins."""
        self._scribe.begin_beside(event)

    def finish_beside(self, event: BackgroundFinished) -> None:
        """Show what came of work beside the conversation."""
        self._note(self._scribe.finish_beside(event), is_new=True)

    def notice(self, event: Notice) -> None:
        """Show a remark."""
        self._note(self._scribe.notice(event), is_new=True)

    def error(
        self, title: str, hint: str = "", details: str = "", actions: Sequence[CardAction] = ()
    ) -> None:
        """Show a failure that needs a decision, as a card with buttons."""
        self._note(self._scribe.error(title, hint, details, actions), is_new=True)

    def finish_turn(self, event: TurnFinished) -> None:
        """Close a turn with what it took."""
        for block in self._scribe.finish_turn(event):
            self._note(block)

    def rewind(self, from_message_id: str) -> None:
        """Drop a message and all that came after it."""
        gone = self._scribe.rewind(from_message_id)
        self._active.difference_update(gone)
        if gone:
            self._cursor, self._new, self._following = None, 0, True
        self._ask_flush()

    def clear(self) -> None:
        """Drop everything."""
        self._ledger.clear()
        self._scribe = Scribe(self._ledger, self._clock)
        self._active.clear()
        self._start_card = None
        self._cursor, self._new, self._asked_at = None, 0, -1
        self._found = ()
        self._following = True
        self._ask_flush()

    def show_start_card(self, info: StartCardInfo) -> None:
        """Greet an empty conversation; the card goes with the first block."""
        if self._start_card is not None:
            self._ledger.remove(self._start_card)
        card = self._start_card = StartCard(info)
        self._ledger.prepend([card])
        self._note(card)

    def prepend_history(self, history: Iterable[CoreEvent]) -> None:
        """Put older events in front; what is seen stays where it is."""
        sheaf = Ledger()
        scribe = Scribe(sheaf, self._clock)
        known = 0
        for event in history:
            if not self._scribe.knows(event):
                scribe.replay(event)
                for block in sheaf.blocks[known:]:
                    block.at = event.ts
                known = len(sheaf.blocks)
        for block in sheaf.blocks:
            if isinstance(block, ToolLine) and self.tools != "auto":
                block.fold(self.tools == "collapsed")
        self._scribe.adopt(scribe)
        self._drop_start_card()
        self._ledger.prepend(sheaf.blocks)
        self._asked_at = -1
        self._ask_flush()

    def changes(self, block: Block | None = None) -> tuple[FileDiff, ...]:
        """All changes to files of a block's turn, or of the newest turn that made some."""
        wanted = block.turn_id if isinstance(block, ToolLine) else None
        found: list[FileDiff] = []
        for line in reversed(self._ledger.blocks):
            if not isinstance(line, ToolLine) or not line.diffs:
                continue
            if wanted is None:
                wanted = line.turn_id
            if line.turn_id == wanted:
                found[:0] = line.diffs
        return tuple(found)

    # --- folding and the block cursor ----------------------------------------------------

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold every tool and all thinking."""
        for block in self._ledger.blocks:
            if block.kind != "work":
                continue
            if isinstance(block, ToolLine) and block.run is not None:
                block.run.open(not folded)
            if not (isinstance(block, ToolLine) and block.run is not None and folded):
                block.fold(folded)
        self._ledger.forget_heights()
        self._ask_flush()

    @property
    def has_unfolded_tools(self) -> bool:
        """Whether `fold_all(True)` would fold a tool line."""
        return any(
            isinstance(block, ToolLine) and not block.is_folded for block in self._ledger.blocks
        )

    def watch_tools(self, mode: str) -> None:
        """Fold or unfold by the setting."""
        if mode != "auto":
            self.fold_all(mode == "collapsed")

    def let_go_before(self, message_id: str) -> None:
        """Let go of all that stands above a message of the person."""
        for index, block in enumerate(self._ledger.blocks):
            if isinstance(block, UserBlock) and block.message_id == message_id:
                if index:
                    self._drop_above(index, message_id)
                    self._ask_flush()
                return

    def _let_go(self, total: int, sheet: Sheet) -> int:
        """Keep to `prune_rows`, a tenth more or less, and to whole turns."""
        if total <= self.prune_rows * 1.1 or self.is_searched or self._cursor is not None:
            return total
        for index, block in enumerate(self._ledger.blocks):
            if index and isinstance(block, UserBlock):
                if total - self._ledger.top(index, sheet) > self.prune_rows:
                    continue
                self._drop_above(index, block.message_id)
                return self._ledger.total(sheet)
        return total

    def _drop_above(self, index: int, message_id: str) -> None:
        self._scribe.forget(self._ledger.drop_before(index))
        self._asked_at = -1
        self.post_message(self.Pruned(message_id))

    def _copied(self, block: Block) -> str:
        if not (self.copies_rendered and isinstance(block, ReplyBlock)):
            return super()._copied(block)
        index = self._ledger.index_of(block)
        return rows_text(self._ledger.rows(index, self._require_sheet()))

    def _note(self, block: Block | None, *, is_new: bool = False) -> None:
        if block is not None and block is not self._start_card:
            self._drop_start_card()
            block.at = block.at or self.event_at
        super()._note(block, is_new=is_new)

    def _drop_start_card(self) -> None:
        if self._start_card is not None:
            self._ledger.remove(self._start_card)
            self._start_card = None
