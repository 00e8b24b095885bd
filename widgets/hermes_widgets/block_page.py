"""A scrolling page that draws blocks as lines.

Blocks are plain objects and no widgets. Measured with 5,000 messages: a widget a
message has to be mounted, styled and arranged, which takes seconds and makes every
key slower; lines drawn from cached rows cost what is seen and no more (filling in
5,000 messages 0.3 s, going from end to top 40 ms, a new width 50 ms). What the
toolkit gives to widgets is done by row instead: selection, links, clicks, folding.

Text is laid out at most 30 times a second, more seldom when a frame gets costly.
While the person has scrolled away or selects, nothing that is seen moves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from msgspec.structs import replace
from textual import events
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from hermes_skins.schema import USUAL, Skin
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.ledger import Ledger, Spot
from hermes_widgets.blocks.selecting import highlighted, row_key, selected_text
from hermes_widgets.drawing.cell_filters import faded
from hermes_widgets.drawing.column import DEFAULT_CAP, text_column
from hermes_widgets.drawing.glyphs import ASCII, UNICODE
from hermes_widgets.drawing.pens import Pen, Styles
from hermes_widgets.drawing.ready_rows import ReadyRows, finished
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.later import later
from hermes_widgets.scroll_bar import move_bar
from hermes_widgets.theme import palette_of

FRAME_S = 1 / 30
"""Least time between two layouts of arriving text."""
SPIN_S = 0.1
KEY_S = 0.012
"""How long a typed key has the screen to itself."""
LONGEST_WAIT_S = 0.25
"""Time after which text is laid out although somebody types."""
HURRY_CHARS = 8_000
"""Waiting text above which the next layout does not wait for its frame."""
ROOMY_ROWS = 30
"""Below this height of the screen the page is compact."""
ROOMY_CELLS = 96
"""Most cells of the text column of a roomy page."""
NEAR_TOP = 5
"""Rows from the top at which older history is asked for."""
_NEAR_VIEWS = 3
"""Heights of the view up to which going up keeps its place by rows, not by estimates."""


class BlockPage(ScrollView, can_focus=True):
    """Blocks one under the other; keeps to the newest row until scrolled away."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    BlockPage {
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

    progress: reactive[str] = reactive("all", init=False)
    """`off` shows replies alone, `new` skips a repeat of the same tool, `all` shows every
    call, `verbose` everything unfolded."""
    reasoning: reactive[str] = reactive("collapsed", init=False)
    """How thinking is shown: `collapsed`, `expanded` or `hidden`."""
    diff: reactive[str] = reactive("auto", init=False)
    """Changes in one column or two: `unified`, `split`, or `auto` by the room there is."""
    density: reactive[str] = reactive("auto", init=False)
    """`comfortable`, `compact`, `roomy`, or `auto` by the height of the screen."""
    column_cap: reactive[int] = reactive(DEFAULT_CAP, init=False)
    """Most cells of the text column."""
    show_cost: reactive[bool] = reactive(True, init=False)
    use_ascii: reactive[bool] = reactive(False, init=False)
    """Draw with plain characters alone."""
    reduced_motion: reactive[bool] = reactive(False, init=False)
    """No spinner, seconds in steps of five, text at most ten times a second."""
    skin: reactive[Skin] = reactive(USUAL, init=False)
    """Whose thread, spinner, mark and emojis are drawn."""

    streaming: reactive[bool] = reactive(True, init=False)
    """Show replies while they are written; else once they are complete."""
    inline_diffs: reactive[bool] = reactive(True, init=False)
    """Show changes to files below the line that made them."""
    preview_chars: reactive[int] = reactive(0, init=False)
    """Most characters of what a tool line is about; 0: as many as fit."""

    @dataclass
    class HistoryWanted(Message, namespace="transcript"):
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
        self._sheet: Sheet | None = None
        self._following = True
        self._anchor: tuple[int, int] = (0, 0)
        """Serial and row of what stands at the top while not following."""
        self._moving = False
        self._new = 0
        self._active: set[Block] = set()
        """Blocks that change with the spinner."""
        self._frame = 0
        self._spinner: Timer | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flush_asked = False
        self._last_flush = 0.0
        self._flush_cost = 0.0
        self._waiting_chars = 0
        self._asked_at = -1
        self._key_at = 0.0
        self._ready = ReadyRows()
        self._room: tuple[int, Size] = (0, Size())
        """Width of the page and size of the screen for which everything is laid out."""
        self._settled_rows: list[Strip] = []
        """Rows of the view after the last layout."""

    @property
    def block_count(self) -> int:
        """How many blocks there are."""
        return len(self._ledger)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was told is laid out."""
        return self._sheet is not None and not self._flush_asked

    @property
    def laid_out_blocks(self) -> int:
        """How many blocks hold rows."""
        return self._ledger.laid_out

    @property
    def is_following(self) -> bool:
        """Whether the view keeps to the newest row."""
        return self._following

    @property
    def new_blocks(self) -> int:
        """Blocks that came while the view was elsewhere."""
        return self._new

    def go_to_end(self) -> None:
        """Return to the newest row and keep to it."""
        self._following, self._new = True, 0
        self._settle()

    # --- layout --------------------------------------------------------------------------

    def _note(self, block: Block | None, *, is_new: bool = False) -> None:
        """Take a changed block into the next layout."""
        if block is None:
            return
        if is_new and not self._following:
            self._new += 1
        self._ledger.touch(block)
        if block.is_running:
            self._active.add(block)
            self._spin(True)
        else:
            self._active.discard(block)
            if not self._active:
                self._spin(False)
        self._ask_flush()

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
                self._flush_timer.cancel()
                self._flush_timer = None
            self._flush_asked = True
            self.call_later(self._flush)
        else:
            self._flush_asked = True
            self._flush_timer = later(self, left, self._flush)

    def make_way(self) -> None:
        """The person types: the next layout waits until that key is drawn."""
        self._key_at = time.monotonic()

    def _flush(self) -> None:
        now = time.monotonic()
        if now < self._key_at + KEY_S and now < self._last_flush + LONGEST_WAIT_S:
            self._flush_timer = later(self, self._key_at + KEY_S - now, self._flush)
            return
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
        column = text_column(width + outside, screen_width=screen.width, cap=self._column_cap())
        glyphs = ASCII if self.use_ascii else UNICODE
        if not self.use_ascii:
            glyphs = replace(glyphs, thread=self.skin.tool_prefix, spinner=self.skin.spinner.frames)
        return Sheet(
            column=column,
            styles=Styles(palette),
            glyphs=glyphs,
            compact=self._is_compact(),
            roomy=self.density == "roomy",
            hide_tools=self.progress == "off",
            skip_repeats=self.progress == "new",
            reasoning=self.reasoning,
            streaming=self.streaming,
            inline_diffs=self.inline_diffs,
            preview_chars=self.preview_chars,
            split={"split": True, "unified": False}.get(self.diff),
            verbose=self.progress == "verbose",
            show_cost=self.show_cost,
            still=self.reduced_motion,
            rows=screen.height,
            skin=self.skin,
        )

    def _column_cap(self) -> int:
        return min(self.column_cap, ROOMY_CELLS) if self.density == "roomy" else self.column_cap

    def _is_compact(self) -> bool:
        if self.density == "auto":
            return self.app.size.height < ROOMY_ROWS
        return self.density == "compact"

    def _renew_sheet(self) -> None:
        """Lay everything out again, where it is seen."""
        if not self.is_mounted or not self.size.width:
            return
        self._sheet = self._make_sheet()
        self._ready.clear()
        self._settled_rows = []
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
            total = self._let_go(self._ledger.total(sheet), sheet)
            self._place(total, total - view)
            self._anchor_here()
        else:
            serial, row = self._anchor
            index = min(self._ledger.index_from_serial(serial), max(0, len(self._ledger) - 1))
            self._lay_out_from(index, view + row, sheet)
            self._place(self._ledger.total(sheet), self._ledger.top(index, sheet) + row)
        self._ledger.release_unused()
        self._refresh_changed()

    def _refresh_changed(self) -> None:
        """Draw the rows again that look otherwise than after the layout before.

        A frame of a growing answer changes one row or two; drawing all rows wrote ten
        times as many bytes, which is what a slow line waits for. Compared is with the
        layout before and not with what was drawn: the toolkit also asks for rows that it
        then does not write.
        """
        rows = [self.render_line(y) for y in range(self.size.height)]
        before, self._settled_rows = self._settled_rows, rows
        if len(before) != len(rows):
            self.refresh()
            return
        changed = [
            Region(0, y, self.size.width, 1)
            for y, (old, new) in enumerate(zip(before, rows, strict=True))
            if old is not new and old != new
        ]
        if changed:
            self.refresh(*changed)

    def _let_go(self, total: int, sheet: Sheet) -> int:
        """Drop what is too far above; returns the rows that are left. See `Transcript`."""
        return total

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
            if self.max_scroll_y:
                # also before it is seen, else its thumb begins at the top
                move_bar(self.vertical_scrollbar, position=y)
        finally:
            self._moving = False

    def _set_virtual(self, total: int) -> None:
        size = Size(self.scrollable_content_region.width, total)
        if size == self.virtual_size:
            return
        view = self.container_size.height
        has_bar = self.show_vertical_scrollbar
        if has_bar == (total > view) and size.width == self.virtual_size.width:
            # The bar stays, or stays away, so nothing on the screen moves: no layout, which
            # costs 2 ms a frame and draws every row again.
            self.set_reactive(BlockPage.virtual_size, size)
            if has_bar:
                move_bar(self.vertical_scrollbar, total=total)
        else:
            self.virtual_size = size

    def _anchor_here(self) -> None:
        """Remember what stands at the top of the view."""
        spot = self._ledger.spot(round(self.scroll_y), self._require_sheet())
        if spot is not None:
            self._anchor = (self._ledger.serial(spot.block), spot.row)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the person's scrolling: release, return, ask for older blocks."""
        if self.show_vertical_scrollbar:
            move_bar(self.vertical_scrollbar, position=new_value)
        super().watch_scroll_y(old_value, new_value)
        if self._moving or not self.is_mounted or self._sheet is None:
            return
        up = round(old_value) - round(new_value)
        if 0 < up <= _NEAR_VIEWS * self.scrollable_content_region.height:
            self._anchor_above(up)
        else:
            self._anchor_here()
        self._stand(following=new_value >= self.max_scroll_y)

    def _anchor_above(self, rows: int) -> None:
        """Move the anchor up by rows as they are laid out, not as they were estimated.

        Else what stood at the top would move down by as much as the estimate was short,
        and a page further up would leave those rows out.
        """
        sheet = self._require_sheet()
        serial, row = self._anchor
        index = place = self._ledger.index_from_serial(serial)
        known = row
        while known < rows and place:
            place -= 1
            known += len(self._ledger.rows(place, sheet)) + self._ledger.gap(place, sheet)
        y = self._ledger.top(index, sheet) + row - rows
        spot = self._ledger.spot(max(0, y), sheet)
        if spot is not None:
            self._anchor = (self._ledger.serial(spot.block), spot.row)

    def _go_to_row(self, y: int) -> None:
        """Put a row at the top, counted as the blocks are known now."""
        if not self.is_mounted or not self.size.width:
            return
        self._set_virtual(self._ledger.total(self._require_sheet()))
        following = y >= self.max_scroll_y
        spot = self._ledger.spot(max(0, y), self._require_sheet())
        if spot is not None:
            self._anchor = (self._ledger.serial(spot.block), spot.row)
        self._stand(following=following)

    def _stand(self, *, following: bool) -> None:
        """Lay out where the person went, and ask for older blocks near the oldest."""
        self._following = following
        if following:
            self._new = 0
        self._settle()
        count = len(self._ledger)
        if self.scroll_y <= NEAR_TOP and self._asked_at != count and count:
            self._asked_at = count
            self.post_message(self.HistoryWanted())

    # --- events of the toolkit -----------------------------------------------------------
    def on_mount(self) -> None:
        """Begin to draw."""
        super().on_mount()  # type: ignore[no-untyped-call]  # untyped in the toolkit
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._renew_sheet())
        self._ask_flush()

    def on_unmount(self) -> None:
        """Hear of no theme any more: the toolkit keeps alive what listens."""
        self.app.theme_changed_signal.unsubscribe(self)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new width, keeping what is seen in place."""
        narrow = self.container_size.width + (0 if self.has_class("-narrow") else 1) < 60
        self.set_class(narrow, "-narrow")
        room = (self.container_size.width, self.app.size)
        if self._sheet is None or room != self._room:
            self._room = room
            self._renew_sheet()
        else:
            self._settle()  # the field below took a row: what is laid out stays good

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        # The toolkit tells the height of the view where a page has that of all rows, takes
        # them for different, and has the scrollbar drawn again after every layout.
        bar = self.vertical_scrollbar
        told = (self.virtual_size.height, container_size.height)
        if self.show_vertical_scrollbar and (bar.window_virtual_size, bar.window_size) == told:
            virtual_size = self.virtual_size
        return super()._size_updated(size, virtual_size, container_size, layout)

    def _spot_at(self, y: int) -> Spot | None:
        if self._sheet is None:
            return None
        return self._ledger.spot(round(self.scroll_y) + y, self._sheet)

    def watch_progress(self) -> None:
        self._renew_sheet()

    watch_density = watch_column_cap = watch_show_cost = watch_use_ascii = watch_progress
    watch_reasoning = watch_diff = watch_progress
    watch_streaming = watch_inline_diffs = watch_preview_chars = watch_progress

    def watch_reduced_motion(self) -> None:
        self._spin(False)
        self._spin(bool(self._active))
        self._renew_sheet()

    def watch_skin(self) -> None:
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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw rows of the view, past the toolkit's frames and fills: a page has none."""
        return finished(
            [self.render_line(y) for y in crop.line_range],
            crop,
            width=self.size.width,
            filters=self.get_line_filters(),
            background=self.background_colors[1],
        )

    def get_line_filters(self) -> list[LineFilter]:
        """Return what is done to finished rows; what lies behind a drawer is faded too."""
        filters = list(super().get_line_filters())
        opacity = self.opacity
        return filters if opacity == 1.0 else [faded(opacity), *filters]

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view."""
        if self._sheet is None:
            return Strip.blank(self.size.width, self.rich_style)
        spot = self._spot_at(y)
        return self._fitted(self._sheet.blank.strip) if spot is None else self._line_of(spot)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Ask for another drawing; of the whole page with its bar.

        A bar is no child of the page, so the toolkit leaves it as it is when a drawer opens
        and all that is behind it is dimmed.
        """
        if repaint and not regions and self.is_mounted and self.show_vertical_scrollbar:
            self.vertical_scrollbar.refresh()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _fitted(self, strip: Strip) -> Strip:
        """Return a strip as wide as the view."""
        width = self.size.width
        if strip.cell_length == width:
            return strip
        return strip.crop_extend(0, width, self._require_sheet().styles.style(Pen()))

    def _line_of(self, spot: Spot) -> Strip:
        sheet = self._require_sheet()
        row = self._ledger.row(spot, sheet)
        serial = self._ledger.serial(spot.block)
        strip = self._look(row, spot)
        key = row_key(serial, spot.row)
        selection = self.text_selection
        if selection is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            strip = highlighted(strip, row, key, selection, style)
        ready = self._ready.get(key, strip)
        if ready is None:
            ready = self._fitted(strip).apply_offsets(0, key)
            self._ready.keep(key, strip, ready)
        return ready

    def _look(self, row: Row, spot: Spot) -> Strip:
        """Return the cells of a row; a subclass may mark some."""
        return row.strip

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
