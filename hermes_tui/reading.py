"""Reading what is too long for the conversation: whole outputs, all changes of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_core.events import FileDiff
from hermes_tui.result_text import readable
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.patches import file_diffs
from hermes_widgets.blocks.reply_block import ReplyBlock
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.fitting import fit
from hermes_widgets.paging.line_source import FileLines, LineSource, TextLines

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_TITLE_CELLS = 60
_EDITOR_BYTES = 20_000_000
"""More of an output than this is not copied for an editor."""


class Reading:
    """Opens the screens in which something is read.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    async def block(self, block: Block) -> None:
        """Show the whole of a block, a long output from where it lies on the disk."""
        await self._page(_title(block), await self._lines(block))

    async def text(self, title: str, text: str, *, is_diff: bool = False) -> None:
        """Show a text, or a diff as one."""
        diffs = file_diffs(text) if is_diff else ()
        if diffs:
            await self.diffs(title, diffs)
        else:
            await self._page(title, TextLines(text))

    async def _page(self, title: str, lines: LineSource) -> None:
        from hermes_tui.screens.pager import PagerScreen  # measured: not for the first paint

        await self._host.push_screen_wait(PagerScreen(title, lines))

    async def changes(self, block: Block | None = None) -> None:
        """Show all changes of a block's turn, or of the newest turn that changed something."""
        host = self._host
        diffs = host.chat.transcript.changes(block)
        if diffs:
            await self.diffs("Changes of this turn" if block else "Changes of the last turn", diffs)
        else:
            host.tell("No file was changed in what is shown here")

    async def diffs(self, title: str, diffs: Sequence[FileDiff]) -> None:
        """Show changes to files."""
        from hermes_tui.screens.diff import DiffScreen  # measured: not for the first paint

        split = {"split": True, "unified": False}.get(self._host.chosen.diff)
        await self._host.push_screen_wait(DiffScreen(title, diffs, split=split))

    async def whole(self, block: Block) -> str:
        """The whole text of a block, to be given to another program."""
        if isinstance(block, ToolLine):
            path = block.spilled_path
            if path:
                return await asyncio.to_thread(_beginning, Path(path), block.source)
            return await self._stored(block)
        return block.source

    async def _lines(self, block: Block) -> LineSource:
        if isinstance(block, ToolLine) and block.spilled_path:
            try:
                return await asyncio.to_thread(FileLines, Path(block.spilled_path))
            except OSError as error:
                gone = f"(the whole output cannot be read any more: {error.strerror})"
                return TextLines(f"{block.source}\n{gone}")
        return TextLines(await self.whole(block))

    async def _stored(self, block: ToolLine) -> str:
        """The whole result from the store, where the event held only a part."""
        host = self._host
        if not block.result_ref:
            return block.source
        session_id = host.chat.state.session_id
        found = await host.guard(host.workspace.message_text(session_id, block.result_ref))
        return readable(found) if found and len(found) > len(block.output) else block.source


def _beginning(path: Path, otherwise: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_EDITOR_BYTES).decode("utf-8", "replace")
    except OSError:
        return otherwise


def _title(block: Block) -> str:
    if isinstance(block, ToolLine):
        return fit(one_line(block.title), _TITLE_CELLS)
    if isinstance(block, UserBlock):
        return "Your message"
    return "Reply" if isinstance(block, ReplyBlock) else "Text"
