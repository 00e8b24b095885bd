"""The conversation: one scrolling widget that draws blocks as lines.

Blocks are plain objects and no widgets. Measured on 5,000 messages: one widget a
message takes 9 s to mount and 40 ms a key, since style and layout visit all of them;
lines drawn from cached rows take no time to mount and a key costs what an empty
conversation costs. What the toolkit gives to widgets is done here by row instead:
selection and copying, links, clicks, folding and the block cursor.

The widget is told what happens by methods and never asks the session. Text is laid
out at most 30 times a second, more seldom when a frame gets costly, and only where
it is seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from hermes_core.events import CoreEvent, Notice, ToolFinished, ToolSkipped, TurnFinished
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.error_card import CardAction, ErrorCard
from hermes_widgets.blocks.ledger import Ledger, Spot
from hermes_widgets.blocks.reply_block import Ending, ReplyBlock
from hermes_widgets.blocks.scribe import Scribe
from hermes_widgets.blocks.selecting import highlighted, row_key, selected_text
from hermes_widgets.blocks.start_card import StartCard, StartCardInfo
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.column import DEFAULT_CAP, text_column
from hermes_widgets.drawing.glyphs import ASCII, UNICODE
from hermes_widgets.drawing.pens import Pen, Styles
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit
from hermes_widgets.theme import palette_of

FRAME_S = 1 / 30
"""Least time between two layouts of arriving text."""
SPIN_S = 0.1
HURRY_CHARS = 8_000
"""Waiting text above which the next layout does not wait for its frame."""
ROOMY_ROWS = 30
"""Below this height of the screen the page is compact."""
NEAR_TOP = 5
"""Rows from the top at which older history is asked for."""


class Transcript(ScrollView, can_focus=True):
    """All that was said and done, newest at the bottom."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    Transcript {
        background: $h-canvas;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        scrollbar-background: $h-canvas;
        scrollbar-background-hover: $h-canvas;
        scrollbar-background-active: $h-canvas;
        scrollbar-color: $h-line;
        scrollbar-color-hover: $h-edge;
        scrollbar-color-active: $h-gold;
        margin-right: 1;
        &.-narrow { margin-right: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+up", "cursor(-1)", "Blocks", id="block.previous", show=False),
        Binding("alt+down", "cursor(1)", "Blocks", id="block.next", show=False),
        Binding("up", "scroll_or_cursor(-1)", "Up", id="transcript.up", show=False),
        Binding("down", "scroll_or_cursor(1)", "Down", id="transcript.down", show=False),
        Binding("left", "sideways(-8)", "Left", id="block.left", show=False),
        Binding("right", "sideways(8)", "Right", id="block.right", show=False),
        Binding("space", "fold", "Fold", id="block.fold"),
        Binding("enter", "menu", "Menu", id="block.menu"),
        Binding("y", "copy('block')", "Copy", id="block.copy"),
        Binding("c", "copy('code')", "Copy code", id="block.copy-code"),
        Binding("e", "edit", "Edit and resend", id="block.edit"),
        Binding("g", "top", "Top", id="transcript.top", show=False),
        Binding("G", "bottom", "Bottom", id="transcript.bottom", show=False),
        Binding("home", "top", "Top", show=False),
        Binding("end", "bottom", "Bottom", show=False),
        Binding("escape", "leave", "Leave the blocks", id="block.leave", show=False),
    ]

    tools: reactive[str] = reactive("auto", init=False)
    """`auto` opens failures and diffs, `collapsed` nothing, `expanded` everything."""
    progress: reactive[str] = reactive("all", init=False)
    """`off` shows replies alone, `verbose` everything unfolded, else every call."""
    density: reactive[str] = reactive("auto", init=False)
    """`comfortable`, `compact`, or by the height of the screen."""
    column_cap: reactive[int] = reactive(DEFAULT_CAP, init=False)
    """Most cells of the text column."""
    show_cost: reactive[bool] = reactive(True, init=False)
    use_ascii: reactive[bool] = reactive(False, init=False)
    """Draw with plain characters alone."""
    reduced_motion: reactive[bool] = reactive(False, init=False)
    """No spinner, seconds in steps of five, text at most ten times a second."""
    thread: reactive[str] = reactive("", init=False)
    """The skin's character of the thread; empty for the usual one."""

    @dataclass
    class CopyRequested(Message):
        """Copy this text."""

        text: str
        what: str
        """`block` or `code`."""

    @dataclass
    class MenuRequested(Message):
        """Show what can be done with the block under the cursor."""

        kind: str
        message_id: str
        source: str

    @dataclass
    class EditRequested(Message):
        """Take this message of the user back into the composer."""

        message_id: str
        text: str

    @dataclass
    class ActionChosen(Message):
        """A button of a card was pressed."""

        name: str
        source: str

    @dataclass
    class SessionChosen(Message):
        """An entry of the start card was chosen."""

        session_id: str

    @dataclass
    class LinkOpened(Message):
        """A link was clicked."""

        address: str

    @dataclass
    class HistoryWanted(Message):
        """The view is close to the oldest block; more may be put in front."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002  the toolkit's word
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._clock = clock
        self._ledger = Ledger()
        self._scribe = Scribe(self._ledger, clock)
        self._sheet: Sheet | None = None
        self._following = True
        self._anchor: tuple[int, int] = (0, 0)
        """Serial and row of what stands at the top while not following."""
        self._moving = False
        self._new = 0
        self._cursor: int | None = None
        """Serial of the block under the cursor."""
        self._active: set[Block] = set()
        self._frame = 0
        self._spinner: Timer | None = None
        self._flush_timer: Timer | None = None
        self._flush_asked = False
        self._last_flush = 0.0
        self._flush_cost = 0.0
        self._waiting_chars = 0
        self._start_card: StartCard | None = None
        self._asked_at = -1

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
    ) -> None:
        """Show that a tool runs."""
        found = self._scribe.start_tool(call_id, name, preview, args, paths, kind=kind, depth=depth)
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
        self._ask_flush()

    def clear(self) -> None:
        """Drop everything."""
        self._ledger.clear()
        self._scribe = Scribe(self._ledger, self._clock)
        self._active.clear()
        self._start_card = None
        self._cursor, self._new, self._asked_at = None, 0, -1
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
        for event in history:
            if not self._scribe.knows(event):
                scribe.replay(event)
        for block in sheaf.blocks:
            if isinstance(block, ToolLine) and self.tools != "auto":
                block.fold(self.tools == "collapsed")
        self._scribe.adopt(scribe)
        self._drop_start_card()
        self._ledger.prepend(sheaf.blocks)
        self._asked_at = -1
        self._ask_flush()

    # --- folding and the block cursor ----------------------------------------------------

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold every tool and all thinking."""
        for block in self._ledger.blocks:
            if block.kind == "work":
                block.fold(folded)
        self._ledger.forget_heights()
        self._ask_flush()

    @property
    def has_unfolded_tools(self) -> bool:
        """Whether `fold_all(True)` would fold a tool line."""
        return any(
            isinstance(block, ToolLine) and not block.is_folded for block in self._ledger.blocks
        )

    @property
    def last_reply(self) -> str:
        """Markdown of the newest reply, empty if there is none."""
        for block in reversed(self._ledger.blocks):
            if isinstance(block, ReplyBlock):
                return block.source
        return ""

    @property
    def block_count(self) -> int:
        """How many blocks there are."""
        return len(self._ledger)

    @property
    def is_following(self) -> bool:
        """Whether the view keeps to the newest row."""
        return self._following

    @property
    def new_blocks(self) -> int:
        """Blocks that came while the view was elsewhere."""
        return self._new

    @property
    def cursor_block(self) -> Block | None:
        """The block under the cursor."""
        if self._cursor is None:
            return None
        index = self._ledger.index_from_serial(self._cursor)
        return self._ledger.blocks[index] if index < len(self._ledger) else None

    def move_cursor(self, step: int) -> None:
        """Move the block cursor; it starts at the newest block."""
        count = len(self._ledger)
        if not count or self._sheet is None:
            return
        at = count if self._cursor is None else self._ledger.index_from_serial(self._cursor)
        at += step
        while 0 <= at < count and not self._ledger.rows(at, self._sheet):
            at += 1 if step > 0 else -1
        if at >= count:
            self._cursor = None
            self.go_to_end()
            return
        at = max(0, at)
        self._cursor = self._ledger.serial(at)
        self._show_block(at)
        self.refresh()

    def go_to_end(self) -> None:
        """Return to the newest row and keep to it."""
        self._following, self._new = True, 0
        self._settle()

    def scroll_to_last_user(self) -> None:
        """Show the message the view's turn answers."""
        if self._sheet is None:
            return
        spot = self._ledger.spot(round(self.scroll_y), self._sheet)
        index = self._question_above(spot.block if spot else len(self._ledger) - 1)
        if index is not None:
            self._show_block(index)

    def _show_block(self, index: int) -> None:
        """Scroll until a block is seen: whole if it fits, else its beginning."""
        sheet = self._require_sheet()
        height = len(self._ledger.rows(index, sheet))
        top = self._ledger.top(index, sheet) + self._ledger.gap(index, sheet)
        view = self.scrollable_content_region.height
        first = round(self.scroll_y)
        if first + self._pinned_rows() <= top and top + height <= first + view:
            return
        above = top < first or height >= view
        target = top - self._pinned_rows(index) if above else top + height - view
        self._set_virtual(self._ledger.total(sheet))
        self.scroll_to(y=target, animate=False)

    # --- actions -------------------------------------------------------------------------

    def action_cursor(self, step: int) -> None:
        """Move the block cursor."""
        self.move_cursor(step)

    def action_scroll_or_cursor(self, step: int) -> None:
        """Move the cursor where there is one, else scroll a row."""
        if self._cursor is not None:
            self.move_cursor(step)
        else:
            self.scroll_relative(y=step, animate=False)

    def action_sideways(self, cells: int) -> None:
        """Move a wide table under the cursor."""
        block = self.cursor_block
        if block is not None and block.shift(cells):
            self._note(block)

    def action_fold(self) -> None:
        """Fold or unfold the block under the cursor."""
        block = self.cursor_block
        if block is not None:
            block.toggle()
            self._note(block)

    def action_menu(self) -> None:
        """Ask for the menu of the block under the cursor, or press a card's first button."""
        block = self.cursor_block
        if isinstance(block, ErrorCard) and block.actions:
            self.post_message(self.ActionChosen(block.actions[0].name, block.source))
        elif block is not None:
            self.post_message(self.MenuRequested(block.kind, block.message_id, block.source))

    def action_copy(self, what: str) -> None:
        """Copy the block under the cursor, or the newest reply."""
        block = self.cursor_block
        text = block.source if block is not None else self.last_reply
        if what == "code":
            codes = block.code_blocks if isinstance(block, ReplyBlock) else []
            text = "\n\n".join(codes)
        if text:
            self.post_message(self.CopyRequested(text, what))

    def action_edit(self) -> None:
        """Take the user message under the cursor back into the composer."""
        block = self.cursor_block
        if isinstance(block, UserBlock):
            self.post_message(self.EditRequested(block.message_id, block.source))

    def action_top(self) -> None:
        """Go to the oldest row that is loaded."""
        self.scroll_to(y=0, animate=False)

    def action_bottom(self) -> None:
        """Go to the newest row."""
        self._cursor = None
        self.go_to_end()

    def action_leave(self) -> None:
        """Leave the block cursor."""
        self._cursor = None
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let keys of the block cursor through while there is none."""
        if action in ("fold", "menu", "edit", "sideways", "leave"):
            return self._cursor is not None
        return True

    # --- layout --------------------------------------------------------------------------

    def _note(self, block: Block | None, *, is_new: bool = False) -> None:
        """Take a changed block into the next layout."""
        if block is None:
            return
        if self._start_card is not None and block is not self._start_card:
            self._ledger.remove(self._start_card)
            self._start_card = None
        if is_new and not self._following:
            self._new += 1
        self._ledger.touch(block)
        if block.is_running:
            self._active.add(block)
            self._spin(True)
        else:
            self._active.discard(block)
        self._ask_flush()

    def _drop_start_card(self) -> None:
        if self._start_card is not None:
            self._ledger.remove(self._start_card)
            self._start_card = None

    def _ask_flush(self) -> None:
        """Lay out with the next frame; now, if much waits or the last one is long ago."""
        if not self.is_mounted or (self._flush_asked and self._waiting_chars < HURRY_CHARS):
            return
        frame = 0.1 if self.reduced_motion else FRAME_S
        pause = max(frame, min(0.5, 8 * self._flush_cost))
        left = self._last_flush + pause - time.monotonic()
        if left <= 0 or self._waiting_chars >= HURRY_CHARS:
            self._waiting_chars = 0
            if self._flush_timer is not None:
                self._flush_timer.stop()
                self._flush_timer = None
            self._flush_asked = True
            self.call_later(self._flush)
        else:
            self._flush_asked = True
            self._flush_timer = self.set_timer(left, self._flush)

    def _flush(self) -> None:
        self._flush_asked = False
        self._flush_timer = None
        self._waiting_chars = 0
        started = time.monotonic()
        self._settle()
        self._last_flush = time.monotonic()
        self._flush_cost = self._last_flush - started

    def _require_sheet(self) -> Sheet:
        if self._sheet is None:
            self._sheet = self._make_sheet()
        return self._sheet

    def _make_sheet(self) -> Sheet:
        palette = palette_of(self.app)
        screen = self.app.size
        width = self.container_size.width or self.outer_size.width
        outside = 0 if self.has_class("-narrow") else 1
        column = text_column(width + outside, screen_width=screen.width, cap=self.column_cap)
        glyphs = ASCII if self.use_ascii else UNICODE
        if self.thread and not self.use_ascii:
            glyphs = replace(glyphs, thread=self.thread[0])
        return Sheet(
            column=column,
            styles=Styles(palette),
            glyphs=glyphs,
            compact=self._is_compact(),
            hide_tools=self.progress == "off",
            verbose=self.progress == "verbose",
            show_cost=self.show_cost,
            rows=screen.height,
        )

    def _is_compact(self) -> bool:
        if self.density == "auto":
            return self.app.size.height < ROOMY_ROWS
        return self.density == "compact"

    def _renew_sheet(self) -> None:
        """Lay everything out again, where it is seen."""
        if not self.is_mounted or not self.size.width:
            return
        self._sheet = self._make_sheet()
        self._ledger.forget_heights()
        self._settle()

    def _settle(self) -> None:
        """Lay out what is seen, then set the size and the place of the view."""
        if not self.is_mounted or not self.size.width:
            return
        sheet = self._require_sheet()
        view = self.scrollable_content_region.height
        if self._following and self.text_selection is None:
            self._lay_out_end(view, sheet)
            total = self._ledger.total(sheet)
            self._place(total, total - view)
            self._anchor_here()
        else:
            serial, row = self._anchor
            index = min(self._ledger.index_from_serial(serial), max(0, len(self._ledger) - 1))
            self._lay_out_from(index, view + row, sheet)
            self._place(self._ledger.total(sheet), self._ledger.top(index, sheet) + row)
        self._ledger.release_unused()
        self.refresh()

    def _lay_out_end(self, view: int, sheet: Sheet) -> None:
        seen = 0
        for index in range(len(self._ledger) - 1, -1, -1):
            seen += len(self._ledger.rows(index, sheet))
            if seen > view:
                return

    def _lay_out_from(self, index: int, rows: int, sheet: Sheet) -> None:
        seen = 0
        for place in range(index, len(self._ledger)):
            seen += len(self._ledger.rows(place, sheet)) + self._ledger.gap(place, sheet)
            if seen > rows:
                return

    def _place(self, total: int, y: int) -> None:
        """Set height and scroll position as one step of ours, not of the person."""
        self._moving = True
        try:
            self._set_virtual(total)
            y = max(0, min(y, self.max_scroll_y))
            self.scroll_target_y = y
            self.scroll_y = y
        finally:
            self._moving = False

    def _set_virtual(self, total: int) -> None:
        size = Size(self.scrollable_content_region.width, total)
        if size != self.virtual_size:
            self.virtual_size = size

    def _anchor_here(self) -> None:
        """Remember what stands at the top of the view."""
        spot = self._ledger.spot(round(self.scroll_y), self._require_sheet())
        if spot is not None:
            self._anchor = (self._ledger.serial(spot.block), spot.row)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the person's scrolling: release, return, ask for older blocks."""
        super().watch_scroll_y(old_value, new_value)
        if self._moving or not self.is_mounted or self._sheet is None:
            return
        self._following = new_value >= self.max_scroll_y
        if self._following:
            self._new = 0
        self._anchor_here()
        self._settle()
        if new_value <= NEAR_TOP and self._asked_at != len(self._ledger) and len(self._ledger):
            self._asked_at = len(self._ledger)
            self.post_message(self.HistoryWanted())

    # --- events of the toolkit -----------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to draw."""
        super().on_mount()  # type: ignore[no-untyped-call]  # untyped in the toolkit
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._renew_sheet())
        self._ask_flush()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new width, keeping what is seen in place."""
        narrow = self.container_size.width + (0 if self.has_class("-narrow") else 1) < 60
        self.set_class(narrow, "-narrow")
        self._renew_sheet()

    def on_click(self, event: events.Click) -> None:
        """Fold, press or follow what was clicked."""
        if self.text_selection is not None:
            return
        y = event.y
        if y == self.size.height - 1 and self._new and not self._following:
            self.go_to_end()
            return
        if y == 0 and self._pinned_rows():
            self.scroll_to_last_user()
            return
        spot = self._spot_at(y)
        if spot is None:
            return
        link = event.style.link
        if link:
            self.post_message(self.LinkOpened(link))
            return
        block = self._ledger.blocks[spot.block]
        row = self._ledger.row(spot, self._require_sheet())
        self._do(block, str(event.style.meta.get("action") or row.action))

    def _do(self, block: Block, action: str) -> None:
        """Do what a row or a button says."""
        verb, _, name = action.partition(":")
        if verb == "fold":
            block.toggle()
            self._note(block)
        elif verb == "press":
            self.post_message(self.ActionChosen(name, block.source))
        elif verb == "open":
            self.post_message(self.SessionChosen(name))

    def on_key(self, event: events.Key) -> None:
        """Press the buttons of a card under the cursor by their letters."""
        block = self.cursor_block
        if not isinstance(block, ErrorCard):
            return
        for action in block.actions:
            if event.character == action.key:
                event.stop()
                event.prevent_default()
                self.post_message(self.ActionChosen(action.name, block.source))

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Move a wide table."""
        self._shift_at(event.y, -4)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Move a wide table."""
        self._shift_at(event.y, 4)

    def _shift_at(self, y: int, cells: int) -> None:
        spot = self._spot_at(y)
        if spot is not None and self._ledger.blocks[spot.block].shift(cells):
            self._note(self._ledger.blocks[spot.block])

    def _spot_at(self, y: int) -> Spot | None:
        if self._sheet is None:
            return None
        return self._ledger.spot(round(self.scroll_y) + y, self._sheet)

    def watch_tools(self, mode: str) -> None:
        """Fold or unfold by the setting."""
        if mode != "auto":
            self.fold_all(mode == "collapsed")

    def watch_progress(self) -> None:
        self._renew_sheet()

    def watch_density(self) -> None:
        self._renew_sheet()

    def watch_column_cap(self) -> None:
        self._renew_sheet()

    def watch_show_cost(self) -> None:
        self._renew_sheet()

    def watch_use_ascii(self) -> None:
        self._renew_sheet()

    def watch_thread(self) -> None:
        self._renew_sheet()

    # --- motion --------------------------------------------------------------------------

    def _spin(self, wanted: bool) -> None:
        """Run one timer for everything that turns, and only while something does."""
        if not self.is_mounted:
            return
        if wanted and self._spinner is None:
            self._spinner = self.set_interval(5.0 if self.reduced_motion else SPIN_S, self._turn)
        elif not wanted and self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    @property
    def is_spinning(self) -> bool:
        """Whether the timer runs."""
        return self._spinner is not None

    def _turn(self) -> None:
        if not self._active:
            self._spin(False)
            return
        if not self.app.app_focus or not self.is_on_screen:
            return
        self._frame += 1
        now = self._clock()
        sheet = self._require_sheet()
        for block in tuple(self._active):
            before = block.height(sheet)
            block.advance(self._frame, now)
            index = self._ledger.index_of(block)
            if len(self._ledger.rows(index, sheet)) != before:
                self._ask_flush()
                continue
            top = self._ledger.top(index, sheet) + self._ledger.gap(index, sheet)
            y = top - round(self.scroll_y)
            if 0 <= y < self.size.height:
                self.refresh(Region(0, y, self.size.width, 1))

    # --- drawing -------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view."""
        width = self.size.width
        if self._sheet is None:
            return Strip.blank(width, self.rich_style)
        if y < self._pinned_rows():
            strip = self._pinned_line(y)
        else:
            spot = self._spot_at(y)
            strip = self._sheet.blank.strip if spot is None else self._line_of(spot)
        if y == self.size.height - 1 and self._new and not self._following:
            strip = self._with_count(strip)
        if strip.cell_length != width:
            strip = strip.crop_extend(0, width, self._sheet.styles.style(Pen()))
        return strip

    def _line_of(self, spot: Spot) -> Strip:
        sheet = self._require_sheet()
        row = self._ledger.row(spot, sheet)
        serial = self._ledger.serial(spot.block)
        gap = self._ledger.gap(spot.block, sheet)
        strip = row.strip
        if serial == self._cursor and spot.row >= gap:
            strip = self._under_cursor(row, is_first=spot.row == gap)
        key = row_key(serial, spot.row)
        selection = self.text_selection
        if selection is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            strip = highlighted(strip, row, key, selection, style)
        return strip.apply_offsets(0, key)

    def _under_cursor(self, row: Row, *, is_first: bool) -> Strip:
        sheet = self._require_sheet()
        strip = row.strip
        column = sheet.column
        if is_first:
            plane = sheet.styles.style(Pen("text"), "select").background_style
            parts = strip.divide([column.left, column.right, strip.cell_length])
            strip = Strip.join((parts[0], parts[1].apply_style(plane), *parts[2:]))
        bar = (sheet.glyphs.bar, Pen("gold"))
        return sheet.marked(replace(row, strip=strip), column.bar - column.left, bar).strip

    def _with_count(self, strip: Strip) -> Strip:
        """Say at the lower right how much is new below."""
        sheet = self._require_sheet()
        chip = sheet.row(
            [(f" {sheet.glyphs.down} {self._new} new ", Pen("gold", bold=True, plane="select"))]
        ).strip
        cells = len(f" {sheet.glyphs.down} {self._new} new ")
        left, right = sheet.column.left, sheet.column.right
        part = chip.crop(left, left + cells)
        return Strip.join((strip.crop(0, right - cells), part, strip.crop(right)))

    def _question_above(self, index: int) -> int | None:
        """Return the place of the newest user message at or before `index`."""
        for place in range(min(index, len(self._ledger) - 1), -1, -1):
            if isinstance(self._ledger.blocks[place], UserBlock):
                return place
        return None

    def _pinned_rows(self, top_index: int | None = None) -> int:
        """Rows at the top that repeat the question of the turn in view: 0, or 2."""
        return 0 if self._pinned_block(top_index) is None else 2

    def _pinned_block(self, top_index: int | None = None) -> UserBlock | None:
        if self._sheet is None or self.app.size.height < ROOMY_ROWS:
            return None
        first = round(self.scroll_y)
        spot = self._ledger.spot(first, self._sheet)
        if spot is None:
            return None
        index = self._question_above(spot.block if top_index is None else top_index)
        if index is None:
            return None
        end = self._ledger.top(index + 1, self._sheet)
        block = self._ledger.blocks[index]
        is_gone = end <= first if top_index is None else index < top_index
        return block if is_gone and isinstance(block, UserBlock) else None

    def _pinned_line(self, y: int) -> Strip:
        sheet = self._require_sheet()
        block = self._pinned_block()
        if y or block is None:
            return sheet.blank.strip
        mark = " " + sheet.glyphs.up
        title = fit(block.title, sheet.text_width - 2)
        body = [
            (title, Pen("muted", bold=True)),
            (" " * max(0, sheet.text_width - 2 - len(title)) + mark, Pen("muted")),
        ]
        return sheet.row(body, bar=(sheet.glyphs.bar, Pen("gold"))).strip

    # --- selecting -----------------------------------------------------------------------

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text without gutters, wrapped lines joined again."""
        if self._sheet is None:
            return None
        return selected_text(self._ledger, self._sheet, selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection; when it is gone, catch up with the newest row."""
        if selection is None:
            self._ask_flush()
        self.refresh()
