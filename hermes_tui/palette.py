"""Palette and help: everything the registries know, searchable, and doing it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from hermes_tui.actions.action import ACTION_REGISTRY
from hermes_tui.palette_rows import help_rows, palette_rows
from hermes_tui.slash.command import COMMAND_REGISTRY

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class Palette:
    """Opens the lists and runs what is picked.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    async def open(self) -> None:
        """Everything, searchable."""
        host = self._host
        picked = await host.pick(
            "Commands",
            lambda text: palette_rows(text, host.skills, host.recent, host.keymap.keys_of),
        )
        self.run(picked)

    async def show_help(self, word: str) -> None:
        """Keys and commands; choosing one runs it."""
        start = "" if word in ("", "keys") else word
        title = "Help · keys and commands"
        keys_of = self._host.keymap.keys_of
        self.run(await self._host.pick(title, lambda typed: help_rows(typed or start, keys_of)))

    def run(self, picked: str) -> None:
        """Do what a row stands for."""
        host = self._host
        kind, _, name = picked.partition(":")
        if kind == "action":
            self.act(name)
        elif kind == "session":
            host.resume(name)
        elif kind == "skill":
            host.chat.composer.set_draft(f"/{name} ")
        elif kind == "command":
            command = COMMAND_REGISTRY.get(name)
            if command is not None and command.args.startswith("<"):
                host.chat.composer.set_draft(f"/{name} ")
            elif command is not None:
                host.run_worker(host.input_line.run(command, ""))

    def act(self, action_id: str) -> None:
        """Run an action by its id; actions may wait for the person, so they are workers."""
        action = ACTION_REGISTRY.get(action_id)
        if action is not None:
            result = action.run(self._host)
            if result is not None:
                self._host.run_worker(_awaited(result))


async def _awaited(result: Awaitable[None]) -> None:
    await result
