"""The keys of the footer where the keyboard is in the conversation but not in its field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.error_card import ErrorCard
from hermes_widgets.blocks.reply_block import ReplyBlock
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.footer_keys import KeyLabel

if TYPE_CHECKING:
    from hermes_tui.panes.chat import ChatPane


def keys_here(chat: ChatPane, focused: Widget | None) -> tuple[KeyLabel, ...]:
    """Return the keys of the block or the waiting message the keyboard is on, if it is."""
    if focused is chat.queue:
        return _queue_keys(is_held=chat.state.is_held)
    block = chat.transcript.cursor_block
    return block_keys(block) if block is not None and focused is chat.transcript else ()


def block_keys(block: Block) -> tuple[KeyLabel, ...]:
    """Return the keys that do something with a block."""
    if isinstance(block, ErrorCard) and block.actions:
        keys = [KeyLabel(action.key, action.label) for action in block.actions]
    else:
        keys = [KeyLabel("⏎", "menu")]
    if block.can_fold:
        keys.append(KeyLabel("space", "unfold" if block.is_folded else "fold"))
    if block.source:
        keys.append(KeyLabel("y", "copy"))
    if isinstance(block, ReplyBlock) and block.code_blocks:
        keys.append(KeyLabel("c", "copy code"))
    if isinstance(block, UserBlock):
        keys.append(KeyLabel("e", "edit"))
    if isinstance(block, ToolLine | ReplyBlock):
        keys.append(KeyLabel("v", "read whole"))
    return (*keys, KeyLabel("esc", "back"))


def _queue_keys(*, is_held: bool) -> tuple[KeyLabel, ...]:
    pause = KeyLabel("p", "go on" if is_held else "pause")
    edit, drop, move = KeyLabel("⏎", "edit"), KeyLabel("x", "drop"), KeyLabel("^↑↓", "move")
    return (edit, drop, move, pause, KeyLabel("esc", "back"))
