"""What the composer offers: commands at once, files as soon as they are listed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hermes_tui.composing.file_completion import (
    is_path,
    last_word,
    mention,
    path_completions,
    reference_completions,
)
from hermes_tui.composing.project_files import ProjectFiles
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.completion import slash_completions
from hermes_widgets.composing.composer_menu import Completion

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class ComposerOffers:
    """Asked at every key, so it never waits for the disk itself.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self._files = ProjectFiles()
        self._paths_of = ""
        """The draft whose path was looked up last."""
        self._paths: Sequence[Completion] = ()

    def complete(self, draft: str) -> Sequence[Completion]:
        """Offer completions for a draft up to the cursor."""
        found = slash_completions(draft, self._commands(), self._host.skills, self._model_names())
        if found:
            return found
        if mention(draft) is not None:
            if not self._files.is_fresh(self._host.folder):
                self._host.run_latest(partial(self._read_files, draft), "offers")
            return reference_completions(draft, self._files.names)
        if is_path(last_word(draft)):
            if draft != self._paths_of:
                self._host.run_latest(partial(self._read_paths, draft), "offers")
            return [offer for offer in self._paths if offer.insert.startswith(draft)]
        return ()

    def _commands(self) -> Sequence[SlashCommand]:
        state = self._host.chat.state
        return [one for one in self._host.input_line.commands() if one.suits(state)]

    def _model_names(self) -> Sequence[str]:
        if not self._host.is_ready:
            return ()
        written = self._host.workspace.setting("model_aliases")
        return tuple(written) if isinstance(written, Mapping) else ()

    async def _read_files(self, draft: str) -> None:
        await asyncio.to_thread(self._files.read, self._host.folder)
        self._offer_again(draft)

    async def _read_paths(self, draft: str) -> None:
        self._paths = await asyncio.to_thread(path_completions, draft, self._host.folder)
        self._paths_of = draft
        self._offer_again(draft)

    def _offer_again(self, draft: str) -> None:
        """Show what was found, if that is still what is typed."""
        composer = self._host.chat.composer
        if composer.draft == draft:
            composer.offer()
