"""The block cursor: moving over blocks, folding, copying, pressing, by key and mouse."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from msgspec.structs import replace
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from hermes_widgets.block_page import ROOMY_ROWS, BlockPage
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.error_card import ErrorCard
from hermes_widgets.blocks.ledger import Spot
from hermes_widgets.blocks.reply_block import ReplyBlock
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.pens import Pen
from hermes_widgets.drawing.rows import Row
from hermes_widgets.fitting import fit, moment

_RIGHT_BUTTON = 3
_COPIED = {"block": "text", "code": "code"}


class BlockCursor(BlockPage):
    """A page whose blocks can be reached one by one."""

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
        Binding("v", "read", "Read whole", id="block.read", show=False),
        Binding("g", "top", "Top", id="transcript.top", show=False),
        Binding("G", "bottom", "Bottom", id="transcript.bottom", show=False),
        Binding("home", "top", "Top", show=False, id="block.first"),
        Binding("end", "bottom", "Bottom", show=False, id="block.last"),
        Binding("escape", "leave", "Leave the blocks", id="block.leave", show=False),
    ]

    @dataclass
    class CopyRequested(Message, namespace="transcript"):
        """Copy this text."""

        text: str
        what: str
        """`block` or `code`."""

    @dataclass
    class MenuRequested(Message, namespace="transcript"):
        """Show what can be done with the block under the cursor."""

        kind: str
        message_id: str
        source: str

    class ReadRequested(Message, namespace="transcript"):
        """Show the whole of the block under the cursor."""

    @dataclass
    class EditRequested(Message, namespace="transcript"):
        """Take this message of the user back into the composer."""

        message_id: str
        text: str

    @dataclass
    class ActionChosen(Message, namespace="transcript"):
        """A button of a card was pressed."""

        name: str
        source: str

    @dataclass
    class SessionChosen(Message, namespace="transcript"):
        """An entry of the start card was chosen."""

        session_id: str

    @dataclass
    class LinkOpened(Message, namespace="transcript"):
        """A link was clicked."""

        address: str

    class Pointed(Message, namespace="transcript"):
        """The block cursor is elsewhere now."""

    @dataclass
    class Refused(Message, namespace="transcript"):
        """A key means nothing for the block under the cursor."""

        why: str

    class Left(Message, namespace="transcript"):
        """The block cursor was left by key; the keyboard may go elsewhere."""

    wall_clock: Callable[[], float] = time.time
    """Seconds since the epoch; decides which day is today."""
    _cursor: var[int | None] = var(None, init=False)
    """Serial of the block under the cursor."""

    def watch__cursor(self) -> None:
        """Tell what shows the keys of a block."""
        self.post_message(self.Pointed())

    @property
    def last_reply(self) -> str:
        """Markdown of the newest reply, empty if there is none."""
        return self.reply(1)

    def reply(self, number: int) -> str:
        """Markdown of a loaded reply, empty if there is none of that number.

        Args:
            number: 1 for the newest, 2 for the one before it.
        """
        replies = (
            block.source
            for block in reversed(self._ledger.blocks)
            if isinstance(block, ReplyBlock) and block.source
        )
        return next(islice(replies, number - 1, None), "")

    @property
    def cursor_block(self) -> Block | None:
        """The block under the cursor."""
        if self._cursor is None:
            return None
        index = self._ledger.index_from_serial(self._cursor)
        return self._ledger.blocks[index] if index < len(self._ledger) else None

    def question_of(self, block: Block) -> str:
        """Id of the person's message that a block belongs to; empty if it is not loaded."""
        index = self._question_above(self._ledger.index_of(block))
        return "" if index is None else self._ledger.blocks[index].message_id

    def question_after(self, block: Block) -> str:
        """Id of the person's next message below a block; empty if there is none."""
        below = self._ledger.blocks[self._ledger.index_of(block) + 1 :]
        return next((item.message_id for item in below if isinstance(item, UserBlock)), "")

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

    def show_call(self, call_id: str) -> bool:
        """Put the block cursor on a tool call and bring it into view.

        Returns:
            False if the call is not among the loaded blocks.
        """
        for index, block in enumerate(self._ledger.blocks):
            if isinstance(block, ToolLine) and block.call_id == call_id and self._sheet is not None:
                self._cursor = self._ledger.serial(index)
                self._show_block(index)
                self.refresh()
                return True
        return False

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
        self._go_to_row(target)

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
        """Move a wide table or wide code under the cursor."""
        block = self.cursor_block
        if block is not None and block.shift(cells):
            self._note(block)

    def action_fold(self) -> None:
        """Fold or unfold the block under the cursor."""
        block = self.cursor_block
        if block is not None and block.can_fold:
            block.toggle()
            self._note(block)
        else:
            self.post_message(self.Refused("Nothing is folded here"))

    def action_menu(self) -> None:
        """Ask for the menu of the block under the cursor, or press a card's first button."""
        block = self.cursor_block
        if isinstance(block, ErrorCard) and block.actions:
            self._press(block, block.actions[0].name)
        elif block is not None:
            self.post_message(self.MenuRequested(block.kind, block.message_id, block.source))

    def action_read(self) -> None:
        """Ask for the whole of the block under the cursor."""
        block = self.cursor_block
        if block is not None and block.source:
            self.post_message(self.ReadRequested())
        else:
            self.post_message(self.Refused("There is no more to read here"))

    def action_copy(self, what: str) -> None:
        """Copy the block under the cursor, or the newest reply."""
        block = self.cursor_block
        text = self._copied(block) if block is not None else self.last_reply
        if what == "code":
            codes = block.code_blocks if isinstance(block, ReplyBlock) else []
            text = "\n\n".join(codes)
        if text:
            self.post_message(self.CopyRequested(text, what))
        else:
            self.post_message(self.Refused(f"There is no {_COPIED[what]} here to copy"))

    def _copied(self, block: Block) -> str:
        """What copying a block yields; a subclass may know another form."""
        return block.source

    def action_edit(self) -> None:
        """Take the user message under the cursor back into the composer."""
        block = self.cursor_block
        if isinstance(block, UserBlock):
            self.post_message(self.EditRequested(block.message_id, block.source))
        else:
            self.post_message(self.Refused("Only your own messages are edited"))

    def action_top(self) -> None:
        """Go to the oldest row that is loaded."""
        self._go_to_row(0)

    def action_bottom(self) -> None:
        """Go to the newest row."""
        self._cursor = None
        self.go_to_end()

    def action_leave(self) -> None:
        """Leave the block cursor."""
        self._cursor = None
        self.refresh()
        self.post_message(self.Left())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let keys of the block cursor through while there is none."""
        if action in ("fold", "menu", "edit", "read", "sideways", "leave"):
            return self._cursor is not None
        return True

    # --- mouse and letters ---------------------------------------------------------------

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the block under the pointer say when it began."""
        spot = None if event.button else self._spot_at(event.y)
        block = None if spot is None else self._ledger.blocks[spot.block]
        when = moment(block.at, self.wall_clock()) if block is not None and block.at else None
        if when != self.tooltip:
            self.tooltip = when

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
        if event.button == _RIGHT_BUTTON:
            self._cursor = self._ledger.serial(spot.block)
            self.focus(scroll_visible=False)
            self.refresh()
            self.action_menu()
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
        elif verb == "read":
            self._cursor = self._ledger.serial(self._ledger.index_of(block))
            self.post_message(self.ReadRequested())
        elif verb == "press":
            self._press(block, name)
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
                self._press(block, action.name)

    def _press(self, block: Block, name: str) -> None:
        """Press a button; `details` unfolds the card, the rest is for the app."""
        if name == "details":
            block.toggle()
            self._note(block)
        else:
            self.post_message(self.ActionChosen(name, block.source))

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Move a wide table."""
        self._shift_at(event.y, -4)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Move a wide table."""
        self._shift_at(event.y, 4)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """With Shift: move a wide table or wide code."""
        self._shift_by_wheel(event, -4)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """With Shift: move a wide table or wide code."""
        self._shift_by_wheel(event, 4)

    def _shift_by_wheel(self, event: events.MouseEvent, cells: int) -> None:
        if event.shift:
            event.stop()
            event.prevent_default()
            self._shift_at(event.y, cells)

    def _shift_at(self, y: int, cells: int) -> None:
        spot = self._spot_at(y)
        if spot is not None and self._ledger.blocks[spot.block].shift(cells):
            self._note(self._ledger.blocks[spot.block])

    # --- drawing over the page -----------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view, with the question above and the count of news below."""
        if self._sheet is not None and y < self._pinned_rows():
            return self._fitted(self._pinned_line(y))
        strip = super().render_line(y)
        if y == self.size.height - 1 and self._new and not self._following:
            return self._fitted(self._with_count(strip))
        return strip

    def _look(self, row: Row, spot: Spot) -> Strip:
        gap = self._ledger.gap(spot.block, self._require_sheet())
        if self._ledger.serial(spot.block) == self._cursor and spot.row >= gap:
            return self._under_cursor(row, is_first=spot.row == gap)
        return row.strip

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
