"""The action that opens the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.actions.action import Action
from hermes_tui.screens.settings import SettingsScreen
from hermes_tui.slash.settings import open_settings

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _settings(host: HermesApp) -> None:
    if not isinstance(host.screen, SettingsScreen):  # its key reaches the program from there too
        await open_settings(host)


ACTIONS = (
    Action(id="app.settings", label="Settings…", keys="f2,ctrl+comma", rank=18, run=_settings),
)
