"""What a pane beside the conversation is, and where panes register."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from hermes_tui.actions.action import Action
from hermes_tui.registry import Registry
from hermes_widgets.pane_head import PaneHead

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_COMPACT_BELOW = 46
"""A pane narrower than this has room for names and numbers only, in cells."""

Side = Literal["left", "right"]


class Pane(Vertical):
    """Lives in a side rail: beside the conversation, as a drawer over it, or in its place."""

    DEFAULT_CSS = """
    Pane { padding: 1 0 0 0; }
    Pane > Input { height: 1; border: none; padding: 0 2; background: $h-raised; margin: 0 2 1 2; }
    Pane > Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.act('app.help')", "Help", show=False, id="pane.help"),
    ]
    follows: ClassVar[bool] = False
    """Whether it shows the conversation, so that it changes with every event."""

    def __init__(self, host: HermesApp, *, id: str) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self.host = host
        """The program."""
        self.head = PaneHead()
        """The first row; see `show_head`."""
        self.is_compact = False
        """Whether there is room for names and numbers only."""

    @property
    def name_id(self) -> str:
        """The id it is registered under."""
        return (self.id or "").removeprefix("pane-")

    @property
    def has_news(self) -> bool:
        """Whether it has something to say unasked; a rail without news closes."""
        return False

    @property
    def rows_wanted(self) -> int:
        """How many rows show all of it, heading and the blank row above included."""
        return 10

    def show_head(self, title: str, count: str = "", count_style: str = "$h-faint") -> None:
        """Name the pane and say how much it lists."""
        self.head.show(title, count, count_style)

    def refresh_content(self) -> None:
        """Show what is known; called when facts change, so it asks nobody."""

    def load(self) -> None:
        """Ask the core for what it lists; called when it is opened."""

    def take_focus(self) -> None:
        """Put the keyboard into the pane."""

    def on_resize(self, event: events.Resize) -> None:
        """Say less where there is less room."""
        is_compact = event.size.width < _COMPACT_BELOW
        if is_compact is not self.is_compact:
            self.is_compact = is_compact
            self.set_class(is_compact, "-compact")
            self.refresh_content()

    def light(self, *, is_in: bool) -> None:
        """Say in the heading whether the keyboard is in the pane."""
        if self.head.is_lit is not is_in:
            self.head.is_lit = is_in
            self.focus_moved(is_in=is_in)

    def focus_moved(self, *, is_in: bool) -> None:
        """The keyboard came into the pane or left it."""


class PaneSpec(Struct, frozen=True, kw_only=True):
    """A pane as it registers."""

    id: str
    title: str
    build: Callable[[HermesApp], Pane]
    side: Side = "right"
    """The rail it lives in."""
    number: int = 0
    """Alt+number shows it; 0 for no such key."""
    keys: tuple[str, ...] = ()
    """Further keys that show it, as Textual writes them."""
    label: str = ""
    """In the palette and in help; empty: the title."""
    rank: int = 35
    """Place in the palette, see `Action.rank`, and from top to bottom in the rail."""
    footer: str = ""
    """One word for the footer of the conversation; empty to leave it out."""
    actions: tuple[Action, ...] = ()
    """What can be done in it; each names the pane in `Action.pane`."""
    instead: Callable[[HermesApp], bool] = lambda host: False
    """Does what is more urgent than to show the pane, and says whether there was such a
    thing."""

    def open(self, host: HermesApp) -> None:
        """Show the pane, or do what is more urgent."""
        if not self.instead(host):
            host.show_pane(self.id)


PANE_REGISTRY: Registry[PaneSpec] = Registry("hermes_tui.panes", "PANES", lambda spec: spec.id)
"""Every pane beside the conversation; plugins add theirs by `register_pane`."""


def register_pane(spec: PaneSpec) -> None:
    """Add a pane.

    Raises:
        ValueError: Its id is taken, or an action of it names another pane.
    """
    strange = [action.id for action in spec.actions if action.pane != spec.id]
    if strange:
        raise ValueError(f"{spec.id}: {', '.join(strange)} must name this pane")
    PANE_REGISTRY.add(spec)
