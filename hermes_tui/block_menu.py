"""What can be done with one block of the conversation, as a small menu."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hermes_core.commands import Retry
from hermes_core.errors import HermesError
from hermes_tui.composing.draft_editor import edited, editor_command
from hermes_tui.matching import matching
from hermes_tui.slash.going_back import branch_before, rewind_to
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.reply_block import ReplyBlock
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.fitting import fit, moment
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

_TITLES = {
    "user": "Your message",
    "reply": "Reply",
    "work": "Work",
    "card": "Error",
    "result": "Result",
}
_CODE_CELLS = 40


def menu_rows(block: Block, *, has_question: bool) -> list[Row]:
    """What the block allows, the most wanted first.

    Args:
        block: Under the cursor.
        has_question: Whether the message of the person it belongs to is known.
    """
    rows = []
    if block.source:
        rows.append(Row(key="copy", text="Copy", right="y"))
        rows.extend(_code_rows(block))
        rows.append(Row(key="read", text="Read whole", right="v"))
        rows.append(Row(key="editor", text="Open in an editor"))
        if block.kind != "user":
            rows.append(Row(key="quote", text="Quote in the prompt"))
    if isinstance(block, ToolLine) and block.diffs:
        rows.append(Row(key="changes", text="All changes of this turn", note="/diff"))
    if block.kind == "user":
        rows.append(Row(key="edit", text="Edit and resend", right="e"))
    if has_question:
        rows.append(Row(key="retry", text="Retry from here", note="asks the same again"))
        rows.append(Row(key="branch", text="Branch from here", note="in a new conversation"))
        rows.append(Row(key="rewind", text="Rewind to here", note="takes back what followed"))
    if block.can_fold:
        folded = "Unfold" if block.is_folded else "Fold"
        rows.append(Row(key="fold", text=folded, right="space"))
    return rows


def _code_rows(block: Block) -> list[Row]:
    codes = block.code_blocks if isinstance(block, ReplyBlock) else []
    if len(codes) == 1:
        return [Row(key="code", text="Copy code", right="c")]
    rows = [
        Row(key=f"code {at}", text=f"Copy code {at + 1}", note=fit(one_line(code), _CODE_CELLS))
        for at, code in enumerate(codes)
    ]
    return [Row(key="code", text="Copy all code", right="c"), *rows] if rows else []


def quoted(text: str, draft: str) -> str:
    """Return the draft with a text quoted in front of it."""
    lines = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
    return f"{lines}\n\n{draft}"


class BlockMenu:
    """Opens the menu and does what is picked.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    async def open(self) -> None:
        """Show the menu of the block under the cursor."""
        host = self._host
        pane = host.chat
        block = pane.transcript.cursor_block
        if block is None:
            return
        question = pane.transcript.question_of(block)
        rows = menu_rows(block, has_question=question in pane.state.asked)
        if not rows:
            host.notify("There is nothing to do with this", timeout=2)
            return
        when = moment(block.at, host.clocks.wall()) if block.at else ""
        title = " · ".join(part for part in (_TITLES.get(block.kind, "Block"), when) if part)
        picked = await host.pick(title, lambda text: matching(rows, text))
        if picked in ("retry", "branch", "rewind"):
            await self._go_back(picked, question, block, pane)
        else:
            await self._do(picked, block, pane)

    async def read(self) -> None:
        """Show the whole of the block under the cursor."""
        block = self._host.chat.transcript.cursor_block
        if block is not None and block.source:
            await self._host.reading.block(block)

    async def _go_back(self, what: str, question: str, block: Block, pane: ChatPane) -> None:
        host = self._host
        if what == "retry":
            await host.command(Retry(message_id=question, client="screen"))
        elif what == "rewind":
            await rewind_to(host, question)
        elif isinstance(block, UserBlock):
            await branch_before(host, question)
        else:
            await branch_before(host, pane.transcript.question_after(block))

    async def _do(self, picked: str, block: Block, pane: ChatPane) -> None:
        host = self._host
        if picked == "copy":
            pane.transcript.action_copy("block")
        elif picked == "code":
            pane.transcript.action_copy("code")
        elif picked.startswith("code ") and isinstance(block, ReplyBlock):
            host.copying.copy(block.code_blocks[int(picked.removeprefix("code "))])
        elif picked == "read":
            await self.read()
        elif picked == "editor":
            await self._show_in_editor(block)
        elif picked == "quote":
            pane.composer.set_draft(quoted(block.source, pane.composer.draft))
            pane.composer.focus_field()
        elif picked == "changes":
            await host.reading.changes(block)
        elif picked == "edit":
            pane.transcript.action_edit()
        elif picked == "fold":
            pane.transcript.action_fold()

    async def _show_in_editor(self, block: Block) -> None:
        """Open a copy of the text; what is changed there is not taken back."""
        host = self._host
        try:
            with host.batch_update():
                text = await host.reading.whole(block)
                await edited(text, editor_command(os.environ), host.suspend())
        except HermesError as error:
            host.tell_error(str(error), hint=error.hint)
        finally:
            host.viewing.redraw()
