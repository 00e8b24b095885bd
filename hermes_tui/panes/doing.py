"""Actions that a pane does itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


def pane_action(
    pane: str, name: str, label: str, keys: str = "", *, footer: str = "", over_fields: bool = True
) -> Action:
    """Return an action of a pane, which has a method `action_<name>` for it.

    Args:
        pane: Id of the pane.
        name: Of the action; its id is `<pane>.<name>`, with dashes for underscores.
        label: What it does, without the name of the pane.
        keys: As Textual writes them; they work while the pane is in use.
        footer: One word for the footer; empty to leave it out.
        over_fields: Whether the keys work while somebody types.
    """

    def run(host: HermesApp) -> None:
        shown = host.side_pane()
        if shown is not None:
            getattr(shown, f"action_{name}")()

    return Action(
        id=f"{pane}.{name.replace('_', '-')}",
        label=label,
        run=run,
        keys=keys,
        footer=footer,
        rank=80,
        over_fields=over_fields,
        pane=pane,
    )
