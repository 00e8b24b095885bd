"""What a pane beside the conversation is, and where panes register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

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
    number: int
    """Alt+number shows it."""
    build: Callable[[HermesApp], Pane]
    keys: tuple[tuple[str, str], ...] = ()
    """For the footer, while it is shown."""


PANE_REGISTRY: Registry[PaneSpec] = Registry("hermes_tui.panes", "PANES", lambda spec: spec.id)
"""Every pane beside the conversation; plugins add theirs by `register_pane`."""


def register_pane(spec: PaneSpec) -> None:
    """Add a pane.

    Raises:
        ValueError: Its id is taken.
    """
    PANE_REGISTRY.add(spec)
