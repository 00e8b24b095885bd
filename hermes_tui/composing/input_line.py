"""What becomes of a line that was sent: a command, a skill, a way out, or a message."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hermes_core.commands import Rewind, RunCommand, Submit
from hermes_core.errors import HermesError
from hermes_core.messages import Attachment
from hermes_tui.composing.attached_files import with_leading_files
from hermes_tui.composing.input_file import append_history, holds_secret, read_history
from hermes_tui.composing.typed_command import NO_COMMAND, SIGN, typed_command
from hermes_tui.slash.command import (
    SlashCommand,
    Unknown,
    find,
    parse,
    unknown_words,
)
from hermes_tui.slash.door import SubmitMode
from hermes_tui.slash.quick import commands_in_force
from hermes_tui.slash.skills import usable, use_skill

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

logger = logging.getLogger(__name__)

_LEAVE_WORDS = frozenset({"exit", "quit", ":q"})


class InputLine:
    """Reads what the composer sends; keeps the file of earlier inputs.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    async def load_history(self) -> None:
        """Read earlier inputs."""
        host = self._host
        try:
            entries = await asyncio.to_thread(read_history, host.workspace.home.input_history)
        except OSError as error:
            host.tell_error(f"Earlier inputs cannot be read: {error.strerror}")
        else:
            host.history.load(entries)

    def take(
        self,
        pane: ChatPane,
        text: str,
        attachments: tuple[Attachment, ...] = (),
        *,
        replaces: str = "",
    ) -> None:
        """Do what the line asks for; `replaces` as for `submit`."""
        host = self._host
        self._remember(text)
        if text.casefold() in _LEAVE_WORDS:
            host.run_worker(host.leave())
            return
        command = parse(text)
        typed = typed_command(text)
        if (command is not None or typed) and attachments:
            pane.composer.attach(*attachments)  # they go with the next message
        if text == SIGN:
            host.tell(NO_COMMAND)
        elif typed:
            host.run_worker(self._run_typed(pane, typed, text, replaces=replaces))
        elif command is None:
            host.run_worker(
                self.submit(text, pane=pane, attachments=attachments, replaces=replaces)
            )
        else:
            self._run_slash(text, *command)

    async def _run_typed(
        self, pane: ChatPane, typed: str, text: str, *, replaces: str = ""
    ) -> None:
        """Run a shell command; a refused one is put back into the field."""
        host = self._host
        if pane.handle is None and not host.has_failed_to_start:
            await host.sessions.wait_until_open(pane)
        if replaces and not await self._take_back(pane, replaces, text):
            return
        reply = await pane.send(RunCommand(text=typed, client="screen"))
        if not reply.ok:
            host.tell_error(reply.text or "The command was not run")
            pane.composer.give_back(text)

    async def _take_back(self, pane: ChatPane, message_id: str, text: str) -> bool:
        """Take a message and all after it back; else its new text is in the field again."""
        reply = await pane.send(Rewind(message_id=message_id, client="screen"))
        if not reply.ok:
            self._host.tell_error(reply.text or "The message was not taken")
            pane.composer.give_back(text)
            pane.state.rewriting = message_id
        return reply.ok

    def _remember(self, text: str) -> None:
        """Keep a line for later, but none that holds a secret."""
        if holds_secret(text):
            return
        self._host.history.add(text)
        if self._host.is_ready:
            self._host.run_worker(self._write(text))

    async def _write(self, text: str) -> None:
        host = self._host
        try:
            await asyncio.to_thread(append_history, host.workspace.home.input_history, text)
        except OSError as error:
            logger.warning("input history not written: %s", error)

    def commands(self) -> list[SlashCommand]:
        """Every command in force, those of the person's own last."""
        host = self._host
        return commands_in_force(host.workspace.setting("quick_commands") if host.is_ready else {})

    def _run_slash(self, text: str, name: str, argument: str) -> None:
        host = self._host
        found = find(name, self.commands(), usable(host.skills))
        if isinstance(found, SlashCommand):
            host.run_worker(self.run(found, argument))
        elif isinstance(found, Unknown):
            words, hint = unknown_words(found)
            host.tell_error(words, hint=hint)
            host.chat.composer.give_back(text)
        else:
            host.run_worker(use_skill(host, found, text))

    async def run(self, command: SlashCommand, argument: str) -> None:
        """Run a command; what goes wrong in the core is told."""
        host = self._host
        is_early = command.name == "setup" and host.has_failed_to_start
        if not host.is_ready and command.name != "quit" and not is_early:
            host.tell_error("Still starting", hint="try again in a moment")
            return
        try:
            await command.run(host, argument)
        except HermesError as error:
            host.tell_error(str(error), hint=error.hint)

    async def submit(
        self,
        text: str,
        *,
        pane: ChatPane | None = None,
        attachments: tuple[Attachment, ...] = (),
        mode: SubmitMode = "default",
        note: str = "",
        replaces: str = "",
    ) -> None:
        """Send a message; a refused one is put back into the field.

        Args:
            text: What is said.
            pane: The conversation; None for the shown one.
            attachments: Pictures that go along.
            mode: What to do while a turn runs.
            note: Text for the model alone.
            replaces: Message of the person that is taken back first, with all after it.
        """
        host = self._host
        pane = pane or host.chat
        if host.has_failed_to_start:
            pane.composer.give_back(text)
            host.try_again()
            return
        if pane.handle is None:
            await host.sessions.wait_until_open(pane)
        if replaces and not await self._take_back(pane, replaces, text):
            return
        found = await asyncio.to_thread(with_leading_files, text, host.folder)
        if mode == "default":
            mode = host.chosen.mode_while_busy
        files = tuple(dict.fromkeys([*attachments, *found.pictures]))
        command = Submit(text=found.text, attachments=files, mode=mode, note=note, client="screen")
        reply = await pane.send(command)
        if not reply.ok:
            host.tell_error(reply.text or "The message was not taken")
            pane.composer.give_back(text)
            pane.composer.attach(*attachments)
