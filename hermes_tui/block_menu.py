"""What can be done with one block of the conversation, as a small menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.matching import matching
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.reply_block import ReplyBlock
from hermes_widgets.list_rows import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

_TITLES = {"user": "Your message", "reply": "Reply", "work": "Work", "card": "Error"}


def menu_rows(block: Block, *, is_last_question: bool) -> list[Row]:
    """What the block allows, the most wanted first.

    Args:
        block: Under the cursor.
        is_last_question: Whether it is the newest message of the person.
    """
    rows = []
    if block.source:
        rows.append(Row(key="copy", text="Copy", right="y"))
    if isinstance(block, ReplyBlock) and block.code_blocks:
        rows.append(Row(key="code", text="Copy code", right="c"))
    if block.source and block.kind != "user":
        rows.append(Row(key="quote", text="Quote in the prompt"))
    if block.kind == "user":
        rows.append(Row(key="edit", text="Take back into the prompt", right="e"))
    if is_last_question:
        rows.append(Row(key="retry", text="Retry from here", note="/retry"))
    if block.can_fold:
        folded = "Unfold" if block.is_folded else "Fold"
        rows.append(Row(key="fold", text=folded, right="space"))
    return rows


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
        is_last = bool(block.message_id) and block.message_id == pane.state.last_user_id
        rows = menu_rows(block, is_last_question=block.kind == "user" and is_last)
        if not rows:
            return
        title = _TITLES.get(block.kind, "Block")
        picked = await host.pick(title, lambda text: matching(rows, text))
        self._do(picked, block, pane)

    def _do(self, picked: str, block: Block, pane: ChatPane) -> None:
        host = self._host
        if picked == "copy":
            host.copying.copy(block.source)
        elif picked == "code":
            pane.transcript.action_copy("code")
        elif picked == "quote":
            pane.composer.set_draft(quoted(block.source, pane.composer.draft))
            pane.composer.focus_field()
        elif picked == "edit":
            pane.transcript.action_edit()
        elif picked == "fold":
            pane.transcript.action_fold()
        elif picked == "retry":
            command = COMMAND_REGISTRY.get("retry")
            if command is not None:
                host.run_worker(host.input_line.run(command, ""))
