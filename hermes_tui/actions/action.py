"""What a key, the palette or the mouse can do, and where actions register."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from hermes_tui.registry import Registry

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class Action(Struct, frozen=True, kw_only=True):
    """One action."""

    id: str
    """Stable, for `keymap.<id>`."""
    label: str
    """In the palette and in help."""
    run: Callable[[HermesApp], Awaitable[None] | None]
    keys: str = ""
    """Comma-separated names as Textual writes them; may be empty."""
    footer: str = ""
    """One word for the footer; empty to leave it out."""
    rank: int = 50
    """Place in the palette, what people want first has the lowest: 10 to begin and to
    choose, 20 the conversation, 30 panes, 50 the rest, 90 moving about."""
    over_fields: bool = True
    """Whether the key works while somebody types."""
    pane: str = ""
    """The pane in which its key works, where it wins over the same key elsewhere; empty:
    everywhere."""
    over_modals: bool = False
    """Whether the key works while something lies over the workspace."""


ACTION_REGISTRY: Registry[Action] = Registry(
    "hermes_tui.actions", "ACTIONS", lambda action: action.id
)
"""Every action; plugins add theirs by `register_action`."""


def register_action(action: Action) -> None:
    """Add an action.

    Raises:
        ValueError: Its id is taken.
    """
    ACTION_REGISTRY.add(action)
