"""The command that opens the settings, and what writing one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.errors import HermesError
from hermes_tui.screens.settings import SettingsScreen
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import on_screen

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def open_settings(host: HermesApp, start: str = "") -> None:
    """Show every setting; changes are written and in force at once where that is possible.

    Args:
        host: The program.
        start: Search text at first, such as a key.
    """
    if not host.is_ready:
        host.tell_error("The settings are not read yet", hint="Try again in a moment.")
        return

    async def write(key: str, text: str | None) -> str:
        return await _write(host, key, text)

    settings = await host.guard(host.workspace.list_settings())
    if settings is not None:
        screen = SettingsScreen(
            settings, read=host.workspace.list_settings, write=write, start=start
        )
        await host.push_screen_wait(screen)


async def _write(host: HermesApp, key: str, text: str | None) -> str:
    """Write a setting; returns what is wrong, nothing once it is in force."""
    if key == "approvals.mode" and (text or "").strip().lower() in ("off", "false", "no"):
        sure = await host.confirm(
            "Run everything without asking?",
            "In every conversation from now on; commands that destroy the machine stay refused.",
            yes="Run without asking",
        )
        if not sure:
            return "Left as it was."
    try:
        if text is None:
            await host.workspace.unset_setting(key)
        else:
            await host.workspace.type_setting(key, text)
    except (HermesError, OSError) as error:
        return str(error)
    await host.live_reload.apply()
    return ""


async def _settings(host: HermesApp, argument: str) -> None:
    await open_settings(host, argument)


COMMANDS = (
    SlashCommand(
        name="settings",
        args="[key]",
        summary="show and change settings",
        group="Program",
        run=on_screen(
            _settings,
            elsewhere="Settings are listed by: hermes config show\nand changed by: hermes config set KEY VALUE",
        ),
    ),
)
