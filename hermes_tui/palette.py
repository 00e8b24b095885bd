"""Palette and help: everything the registries know, searchable, and doing it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.screen import Screen
from textual.widget import Widget

from hermes_tui.actions.every_action import find_action
from hermes_tui.composing.file_beginning import beginning
from hermes_tui.keys import key_label
from hermes_tui.palette_rows import help_rows, palette_rows
from hermes_tui.palette_sources import PaletteSources
from hermes_tui.screens.pick import PickScreen
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_widgets.composing.composer_area import ComposerArea
from hermes_widgets.list_rows import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class Palette:
    """Opens the lists and runs what is picked.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self.sources = PaletteSources(host)

    async def open(self) -> None:
        """Everything, searchable."""
        host, sources = self._host, self.sources
        screen = PickScreen(
            "Commands",
            lambda text: palette_rows(
                text,
                sources.groups(),
                host.keymap.keys_of,
                recent=sources.recent,
                state=host.state,
            ),
            placeholder="type to search; > actions / commands @ files # conversations : settings",
            peek=self._peek,
        )

        async def read() -> None:
            await sources.read()
            screen.renew()

        host.run_latest(read, "palette")
        picked = await host.push_screen_wait(screen)
        sources.chose(picked)
        self.run(picked)

    async def _peek(self, key: str) -> str:
        """Read the beginning of a file that a row stands for."""
        kind, _, name = key.partition(":")
        if kind != "file":
            return ""
        return await asyncio.to_thread(beginning, self._host.folder / name)

    async def show_help(self, word: str) -> None:
        """Keys and commands, those of the pane in use first; choosing one runs it."""
        host = self._host
        start = "" if word in ("", "keys") else word
        pane, local, typing = (
            host.shown_pane,
            local_keys(host.focused),
            typing_keys(host.focused),
        )
        keys_of = host.keymap.keys_of

        def rows(typed: str) -> list[Row]:
            found = help_rows(
                typed or start, keys_of, pane=pane, local=local, typing=typing, state=host.state
            )
            return [replace(row, note="") if keymap_name(row.key) else row for row in found]

        def about(key: str) -> str:
            name = keymap_name(key)
            return f"in tui.keymap: {name}" if name else ""

        screen = PickScreen("Help · keys and commands", rows, note_at=28, about=about)
        self.run(await host.push_screen_wait(screen))

    def run(self, picked: str) -> None:
        """Do what a row stands for."""
        host = self._host
        kind, _, name = picked.partition(":")
        if kind == "action":
            self.act(name)
        elif kind == "session":
            host.resume(name)
        elif kind == "skill":
            host.chat.composer.replace_draft(f"/{name} ")
        elif kind == "file":
            composer = host.chat.composer
            mention = f'@file:"{name}"' if " " in name else f"@file:{name}"
            composer.set_draft(f"{composer.draft.rstrip()} {mention} ".lstrip())
            composer.focus_field()
        elif kind == "model":
            provider, _, model = name.partition("\n")
            self._command("model", f"{model} --provider {provider}")
        elif kind in ("skin", "theme"):
            self._command(kind, name)
        elif kind == "setting":
            self._command("settings", name)
        elif kind == "command":
            command = COMMAND_REGISTRY.get(name)
            if command is not None and command.args.startswith("<"):
                host.chat.composer.replace_draft(f"/{name} ")
            elif command is not None:
                host.run_worker(host.input_line.run(command, ""))

    def _command(self, name: str, argument: str) -> None:
        """Run a slash command with its argument."""
        command = COMMAND_REGISTRY.get(name)
        if command is not None:
            self._host.run_worker(self._host.input_line.run(command, argument))

    def act(self, action_id: str) -> None:
        """Run an action by its id; actions may wait for the person, so they are workers."""
        host = self._host
        action = find_action(action_id)
        if action is None:
            return
        if action.pane and action.pane != host.shown_pane:
            host.show_pane(action.pane)  # what it is about has to be chosen there
        else:
            result = action.run(host)
            if result is not None:
                host.run_worker(_awaited(result))


def keymap_name(key: str) -> str:
    """Return what the settings call the keys of a row of help; empty for a command."""
    kind, _, name = key.partition(":")
    return name if kind in ("action", "local") else ""


def local_keys(focused: Widget | None) -> list[Row]:
    """What the keys of the focused part do, as far as they belong to no action."""
    rows: dict[str, Row] = {}
    for node in focused.ancestors_with_self if focused is not None else ():
        if isinstance(node, Screen):
            break
        for key, binding in node._bindings:
            if binding.id and binding.description:
                before = rows.get(binding.id)
                keys = key_label(key) if before is None else f"{before.right} {key_label(key)}"
                rows[binding.id] = Row(
                    key=f"local:{binding.id}", text=binding.description, note=binding.id, right=keys
                )
    return list(rows.values())


def typing_keys(focused: Widget | None) -> list[Row]:
    """What a stranger has to know to type a message; empty outside the field."""
    if not isinstance(focused, ComposerArea):
        return []
    return [
        Row(key=f"typing:{keys}", text=label, right=" ".join(map(key_label, keys.split(","))))
        for keys, label in focused.TYPING
    ]


async def _awaited(result: Awaitable[None]) -> None:
    await result
