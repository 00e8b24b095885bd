"""The frame around the conversation: which pane is in use, where it stands, how wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from hermes_tui.base_screen import BaseScreen
from hermes_tui.panes.chat import ChatPane
from hermes_tui.panes.pane import PANE_REGISTRY, Pane, Side
from hermes_tui.panes.rails import SideRail
from hermes_tui.rail_widths import (
    WidthClass,
    fitting,
    read_widths,
    width_class,
    write_widths,
)
from hermes_widgets.grip import Grip

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_SIDES: tuple[Side, Side] = ("left", "right")
_WRITE_AFTER_S = 1.0


class Frame:
    """Shows, widens and leaves panes. What follows the size alone is in `app.tcss`.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self.shown = "chat"
        """Id of the pane in use, `chat` for the conversation."""
        self._widths: dict[Side, dict[WidthClass, int]] = {"left": {}, "right": {}}
        self._unwritten: set[Side] = set()
        self._write_timer: Timer | None = None
        self._marks: tuple[object, ...] = ()
        self._is_zoomed = False

    # --- parts -----------------------------------------------------------------------

    @property
    def _base(self) -> BaseScreen:
        base = self._host.screen_stack[0]
        assert isinstance(base, BaseScreen), "see HermesApp.get_default_screen"
        return base

    def rail(self, side: Side) -> SideRail:
        """The rail of a side."""
        return self._host.query_one(f"#{side}-rail", SideRail)

    @property
    def panes(self) -> list[Pane]:
        """Every pane there is; none in the first moments."""
        return [pane for side in _SIDES for pane in self.rail(side).panes]

    @property
    def pane(self) -> Pane | None:
        """The pane in use, if it is not the conversation."""
        return next((pane for pane in self.panes if pane.name_id == self.shown), None)

    @property
    def is_whole(self) -> bool:
        """Whether a pane takes the place of the conversation."""
        tiny = self._base.has_class("-w-tiny") or self._base.has_class("-h-tiny")
        return self.shown != "chat" and (tiny or self._is_zoomed)

    def stands_beside(self, side: Side) -> bool:
        """Whether a rail stands beside the conversation, not over it or in its place."""
        base = self._base
        if self.is_whole or base.has_class("-h-tiny"):
            return False
        return base.has_class("-w-wide") or (side == "right" and base.has_class("-w-medium"))

    async def mount_panes(self) -> None:
        """Add every registered pane; nothing happens if they are there.

        Not part of the first paint, which shows none of them: measured, a third of it.
        """
        if self.panes:
            return
        specs = sorted(PANE_REGISTRY.all(), key=lambda spec: spec.rank)
        for side in _SIDES:
            built = [spec.build(self._host) for spec in specs if spec.side == side]
            await self.rail(side).mount_all(built)

    # --- showing ---------------------------------------------------------------------

    def show(self, name: str) -> None:
        """Use a pane, or the conversation again."""
        if not self._host.is_running:
            return  # closing: a job that was still under way has nothing to show it in
        self._base.draw_once()
        if name != self.shown:
            self._is_zoomed = False
        known = {pane.name_id for pane in self.panes}
        self.shown = name if name in known else "chat"
        self._mark()
        pane = self.pane
        if pane is None:
            self._host.query_one("#main", ContentSwitcher).current = self._host.chat.id
            self._host.chat.composer.focus_field()
        else:
            pane.refresh_content()
            pane.load()
            pane.take_focus()
        self._host.refresh_all()

    def focus_moved(self, focused: Widget | None) -> None:
        """The keyboard went somewhere, by whatever means."""
        nodes = focused.ancestors_with_self if focused is not None else []
        for pane in self.panes:
            pane.light(is_in=pane in nodes)
        for node in nodes:
            name = node.name_id if isinstance(node, Pane) else ""
            if isinstance(node, ChatPane):
                name = "chat"
            if name and name != self.shown:
                self.shown = name
                self._is_zoomed = False
                self._mark()
                self._host.refresh_all()
            if name:
                return

    def step(self, step: int) -> None:
        """Use the next or previous pane; those that a rail leaves out are left out."""
        order = [pane.name_id for pane in self.rail("left").panes if self._is_reachable(pane)]
        order.append("chat")
        order += [pane.name_id for pane in self.rail("right").panes if self._is_reachable(pane)]
        at = order.index(self.shown) if self.shown in order else order.index("chat")
        self.show(order[(at + step) % len(order)])

    def _is_reachable(self, pane: Pane) -> bool:
        rail = pane.parent
        beside = isinstance(rail, SideRail) and self.stands_beside(rail.side)
        return pane.has_news or not beside

    def zoom(self) -> None:
        """Give what is in use the whole width, or bring the rest back."""
        self._is_zoomed = not self._is_zoomed
        self._mark()

    # --- keeping up ------------------------------------------------------------------

    def refresh(self) -> None:
        """Bring panes that are seen up to date and close rails without news."""
        for pane in self.panes:
            if pane.follows:
                pane.refresh_content()
        self._mark()

    def _mark(self) -> None:
        rows = tuple((pane.has_news, pane.rows_wanted) for pane in self.panes)
        marks = (self.shown, self.is_whole, self._is_zoomed, rows)
        if marks == self._marks:
            return
        self._marks = marks
        changed = self._mark_parts()
        # A change of class alone would style everything below it again; the rules that
        # name these classes are about few parts. Measured: a sixth of the time.
        self._host.stylesheet.update_nodes(changed)
        self.fit()

    def _mark_parts(self) -> list[DOMNode]:
        """Set the classes, and return the parts whose rules name one that changed."""
        changed: list[DOMNode] = []
        on_left = any(pane.name_id == self.shown for pane in self.rail("left").panes)
        base = self._base
        is_zoom = _change_classes(base, {"-zoomed": self._is_zoomed})
        if _change_classes(base, {"-pane": self.shown != "chat", "-left-pane": on_left}) or is_zoom:
            changed.append(self._host.query_one("#main"))
        for rail in (self.rail(side) for side in _SIDES):
            filled = any(pane.has_news for pane in rail.panes)
            is_open = any(pane.name_id == self.shown for pane in rail.panes)
            is_rail = _change_classes(rail, {"-filled": filled, "-open": is_open})
            changed += [rail] if is_rail or is_zoom else []
            for pane in rail.panes:
                marks = {"-open": pane.name_id == self.shown, "-news": pane.has_news}
                is_pane = _change_classes(pane, marks)
                changed += [pane] if is_pane or is_rail or is_zoom else []
                # a compact pane alone has a rule for its children that asks whether it is open
                changed += pane.children if is_pane and pane.has_class("-compact") else []
        return changed

    def fit(self) -> None:
        """Give rails and their panes the room they have on a screen of this size."""
        if not self._host.is_running:
            return
        columns = self._base.size.width
        for side in _SIDES:
            rail = self.rail(side)
            cells = self._widths[side].get(width_class(columns))
            if cells is not None and not self.is_whole:
                rail.styles.width = fitting(cells, columns)
            elif rail.styles.inline.has_rule("width"):
                rail.styles.width = None
            rail.share_rows(is_shared=self.stands_beside(side))
            self._place_grip(rail)

    def _place_grip(self, rail: SideRail) -> None:
        grip = self._host.query_one(f"#{rail.side}-grip", Grip)
        is_seen = rail.display and not self.is_whole
        if grip.display != is_seen:
            grip.display = is_seen
        width = rail.styles.width
        if is_seen and width is not None:
            room = self._base.size
            cells = int(width.resolve(room, room))
            edge = cells if rail.side == "left" else room.width - cells - 1
            grip.styles.offset = (max(edge, 0), 0)

    # --- widths ----------------------------------------------------------------------

    def read_widths(self) -> None:
        """Take the widths from the settings."""
        for side in _SIDES:
            self._widths[side] = read_widths(
                str(self._host.workspace.setting(f"tui.layout.{side}"))
            )
        self._mark()

    def widen(self, cells: int) -> None:
        """Move the edge of the rail in use to the right, or to the left if negative."""
        found = [side for side in _SIDES if self.rail(side).has_class("-open")]
        found += [side for side in reversed(_SIDES) if self.rail(side).display]
        if found:
            width = self.rail(found[0]).size.width
            self._set_width(found[0], width + (cells if found[0] == "left" else -cells))

    def drag(self, grip: Grip, x: int, *, is_done: bool) -> None:
        """Move an edge to a column of the screen."""
        side: Side = "left" if grip.id == "left-grip" else "right"
        rail = self.rail(side)
        width = x - rail.region.x if side == "left" else rail.region.right - x - 1
        self._set_width(side, width, is_kept=is_done)

    def _set_width(self, side: Side, cells: int, *, is_kept: bool = True) -> None:
        columns = self._base.size.width
        self._widths[side][width_class(columns)] = fitting(cells, columns)
        self.fit()
        if is_kept and self._host.is_ready:
            self._unwritten.add(side)
            if self._write_timer is not None:
                self._write_timer.stop()
            self._write_timer = self._host.set_timer(_WRITE_AFTER_S, self._write)

    async def _write(self) -> None:
        sides, self._unwritten = self._unwritten, set()
        for side in sides:
            text = write_widths(self._widths[side])
            await self._host.guard(self._host.workspace.set_setting(f"tui.layout.{side}", text))


def _change_classes(node: DOMNode, wanted: dict[str, bool]) -> bool:
    """Set or take away classes without styling anything; return whether that changed any."""
    before = set(node.classes)
    node.update_classes(wanted, update=False)
    return node.classes != before
