"""Actions on the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.commands import QueueRemove
from hermes_tui.actions.action import Action
from hermes_tui.slash.safety import set_mode
from hermes_tui.slash.screen_part import cycle_progress

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _drop_queued(host: HermesApp) -> None:
    """Drop the waiting message under the cursor, else the newest; without one the key cuts."""
    queued = list(host.chat.state.queued)
    if host.chat.queue.has_focus:
        host.chat.queue.action_drop()
    elif queued:
        await host.command(QueueRemove(input_id=queued[-1], client="screen"))
    else:
        host.chat.composer.area.action_cut()


def _queue(host: HermesApp) -> None:
    """Give the keyboard to the messages that wait."""
    if host.chat.state.queued:
        host.chat.queue.focus()
    else:
        host.notify("Nothing waits", timeout=2)


async def _approval_mode(host: HermesApp) -> None:
    mode = host.chat.state.approval_mode
    await set_mode(host, "smart" if mode == "manual" else "off" if mode == "smart" else "manual")


def _copy_or_put_back(host: HermesApp) -> None:
    """Put back what was cut in this draft; where nothing was, copy the last reply."""
    area = host.chat.composer.area
    if area.cuttings.text and host.focused is area:
        area.action_put_back()
    else:
        host.copying.copy_reply()


async def _escape(host: HermesApp) -> None:
    await host.escape()


async def _stop(host: HermesApp) -> None:
    await host.stop_or_leave()


ACTIONS = (
    Action(
        id="chat.unfold",
        rank=21,
        label="Unfold or fold all tools",
        keys="ctrl+o",
        footer="unfold",
        run=lambda host: host.viewing.toggle_folds(),
    ),
    Action(
        id="chat.progress",
        label="More or less of tool calls",
        keys="ctrl+t",
        rank=35,
        run=cycle_progress,
    ),
    Action(
        id="chat.stop",
        rank=25,
        label="Stop, close or go back",
        keys="escape",
        over_fields=False,
        run=_escape,
    ),
    Action(
        id="chat.interrupt",
        label="Stop or leave",
        keys="ctrl+c",
        rank=61,
        over_fields=False,
        run=_stop,
    ),
    Action(
        id="chat.find",
        label="Find in this conversation",
        keys="ctrl+f",
        rank=19,
        run=lambda host: host.viewing.find(),
    ),
    Action(
        id="chat.block-up",
        label="Block above: copy, fold, retry",
        keys="alt+up",
        footer="blocks",
        rank=22,
        run=lambda host: host.viewing.move_block(-1),
    ),
    Action(
        id="chat.block-down",
        label="Block below",
        keys="alt+down",
        rank=90,
        run=lambda host: host.viewing.move_block(1),
    ),
    Action(
        id="chat.page-up",
        rank=90,
        label="Scroll up",
        keys="pageup",
        run=lambda host: host.viewing.scroll(-1),
    ),
    Action(
        id="chat.page-down",
        rank=90,
        label="Scroll down",
        keys="pagedown",
        run=lambda host: host.viewing.scroll(1),
    ),
    Action(
        id="chat.line-up",
        rank=90,
        label="Scroll up a line",
        keys="shift+up",
        run=lambda host: host.viewing.scroll(-1, lines=True),
    ),
    Action(
        id="chat.line-down",
        rank=90,
        label="Scroll down a line",
        keys="shift+down",
        run=lambda host: host.viewing.scroll(1, lines=True),
    ),
    Action(
        id="chat.top",
        rank=90,
        label="First message",
        keys="ctrl+home",
        run=lambda host: host.viewing.scroll_to(top=True),
    ),
    Action(
        id="chat.bottom",
        rank=90,
        label="Last message",
        keys="ctrl+end",
        run=lambda host: host.viewing.scroll_to(top=False),
    ),
    Action(
        id="chat.copy-reply",
        rank=20,
        label="Copy the last reply, or put back what was cut",
        keys="ctrl+y",
        run=_copy_or_put_back,
    ),
    Action(
        id="chat.queue",
        rank=23,
        label="Waiting messages: edit, move, drop, pause",
        keys="alt+q",
        run=_queue,
    ),
    Action(id="chat.drop-queued", label="Drop a waiting message", keys="ctrl+x", run=_drop_queued),
    Action(
        id="chat.approval-mode",
        label="Approvals: manual, smart, off",
        keys="shift+tab",
        rank=13,
        run=_approval_mode,
    ),
)
