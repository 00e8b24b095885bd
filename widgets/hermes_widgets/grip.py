"""The edge between two parts of the screen, to be taken with the mouse."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_widgets.drawing.ready_rows import finished


class Grip(Widget):
    """One column. It is blank until the pointer is over it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Grip { width: 1; height: 1fr; background: $h-canvas; color: $h-edge; }
    Grip.-held { color: $h-gold; }
    """

    @dataclass
    class Dragged(Message):
        """The edge was moved."""

        grip: Grip
        x: int
        """Column of the screen it was moved to."""
        is_done: bool
        """Whether it was let go there."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the line, or nothing: one row for all, past the toolkit's frames and fills."""
        is_seen = self.mouse_hover or self.has_class("-held")
        row = Strip([Segment("│" if is_seen else " ", self.visual_style.rich_style)], 1)
        return finished(
            [row] * crop.height,
            crop,
            width=self.size.width,
            filters=self.get_line_filters(),
            background=self.background_colors[1],
        )

    def on_enter(self) -> None:
        """Show that there is something to take."""
        self.refresh()

    def on_leave(self) -> None:
        """Be blank again."""
        self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take it."""
        event.stop()
        self.add_class("-held")
        self.capture_mouse()
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer while it is held."""
        if self.has_class("-held"):
            event.stop()
            self.post_message(self.Dragged(self, event.screen_x, is_done=False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let it go."""
        if self.has_class("-held"):
            event.stop()
            self.remove_class("-held")
            self.release_mouse()
            self.refresh()
            self.post_message(self.Dragged(self, event.screen_x, is_done=True))
