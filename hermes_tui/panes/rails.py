"""The side rails: panes beside the conversation, over it, or in its place."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Vertical

from hermes_tui.panes.pane import Pane, Side


class SideRail(Vertical):
    """Holds the panes of one side, from top to bottom.

    Args:
        side: Where it stands.
        changed: Told when its place on the screen changed.
    """

    def __init__(self, side: Side, changed: Callable[[], None]) -> None:
        super().__init__(id=f"{side}-rail", classes="rail")
        self.side: Side = side
        self._changed = changed

    @property
    def panes(self) -> list[Pane]:
        """Its panes, from top to bottom."""
        return [child for child in self.children if isinstance(child, Pane)]

    def share_rows(self, *, is_shared: bool) -> None:
        """Give each pane the rows it needs, or all of them to the one that is shown.

        Args:
            is_shared: Whether several may be shown.
        """
        shown = [pane for pane in self.panes if pane.display] if is_shared else []
        for pane in self.panes:
            if pane not in shown and pane.styles.inline.has_rule("height"):
                pane.styles.height = None
        wanted = [pane.rows_wanted for pane in shown]
        room = (self.size or self.container_size).height
        for pane, rows in zip(shown, shared(wanted, room), strict=True):
            pane.styles.height = rows

    def on_resize(self) -> None:
        """Other rows, another edge."""
        self._changed()

    def on_show(self) -> None:
        """It appeared."""
        self._changed()

    def on_hide(self) -> None:
        """It went."""
        self._changed()


def shared(wanted: list[int], room: int) -> list[int]:
    """Share rows out: nobody gets more than wanted, and what one leaves others may take.

    Args:
        wanted: Rows each would like to have.
        room: Rows there are, at least 0.

    Returns:
        Rows in the same order; their sum is at most `room`.
    """
    got = [0] * len(wanted)
    left = room
    for count, index in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        got[index] = min(wanted[index], left // (len(wanted) - count))
        left -= got[index]
    return got
