"""Putting the panes beside the conversation into the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from hermes_tui.panes.pane import PANE_REGISTRY, Pane

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def mount_panes(host: HermesApp) -> None:
    """Add every registered pane, hidden; nothing happens if they are there.

    Not part of the first paint, which shows none of them: measured, a third of it.
    """
    if host.query(Pane):
        return
    panes = [spec.build(host) for spec in PANE_REGISTRY.all()]
    for pane in panes:
        pane.display = False
    await host.query_one("#main", ContentSwitcher).mount_all(panes, before=0)
