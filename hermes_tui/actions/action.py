"""What a key, the palette or the mouse can do, and where actions register."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hermes_tui.registry import Registry

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
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
    over_fields: bool = True
    """Whether the key works while somebody types."""


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
