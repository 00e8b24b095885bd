"""What a pane beside the conversation is, and where panes register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from hermes_tui.actions.action import Action
from hermes_tui.registry import Registry

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class Pane(Vertical):
    """A page of its own, shown in place of the conversation."""

    DEFAULT_CSS = """
    Pane { padding: 1 0 0 0; }
    Pane > .pane-head { height: 1; padding: 0 2; }
    Pane > Input { height: 1; border: none; padding: 0 2; background: $h-raised; margin: 0 2 1 2; }
    Pane > Input:focus { border: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.act('app.help')", "Help", show=False, id="pane.help"),
    ]

    def __init__(self, host: HermesApp, *, id: str) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self.host = host
        """The program."""
        self.head = Static(classes="pane-head", markup=False)
        """Heading, for panes that are one list; see `show_head`."""

    def show_head(self, title: str, count: int) -> None:
        """Name the pane and say how much it lists."""
        self.head.update(
            Content.assemble((f"▸ {title}", "$h-text bold"), (f"   {count}", "$h-faint"))
        )

    def refresh_content(self) -> None:
        """Show the present state; called when the pane is shown and when facts change."""

    def take_focus(self) -> None:
        """Put the keyboard into the pane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaneSpec:
    """A pane as it registers."""

    id: str
    title: str
    build: Callable[[HermesApp], Pane]
    number: int = 0
    """Alt+number shows it; 0 for no such key."""
    keys: tuple[str, ...] = ()
    """Further keys that show it, as Textual writes them."""
    label: str = ""
    """In the palette and in help; empty: the title."""
    rank: int = 35
    """Place in the palette, see `Action.rank`."""
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
