"""Saves drafts, open tabs and reading places as they change; brings them back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from textual.timer import Timer

from hermes_core.events import Notice
from hermes_tui.ending.unfinished import OpenTab, RunFile, take_left_behind

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

logger = logging.getLogger(__name__)

_SOON_S = 0.5
"""How long changes are gathered before they are written."""


class Keeper:
    """Keeps what would be lost if the program ended now.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self._file: RunFile | None = None
        self._timer: Timer | None = None
        self._written: tuple[OpenTab, ...] = ()
        self.left: list[OpenTab] = []
        """What an earlier run left and was not brought back yet."""

    async def look(self) -> None:
        """Look for what an earlier run left."""
        folder = self._host.workspace.home.unfinished
        try:
            self.left = await asyncio.to_thread(take_left_behind, folder)
        except OSError as error:
            logger.warning("what the last run left cannot be looked for: %s", error)

    @property
    def offer(self) -> str:
        """What is said of it; empty if there is nothing."""
        return f"Left open: {counted(self.left)}. /restore brings it back." if self.left else ""

    async def start(self) -> None:
        """Begin to keep what is open in this run."""
        self._file = RunFile(self._host.workspace.home.unfinished)
        self._offer()
        await self.save()

    def soon(self) -> None:
        """Something changed: write it in a moment."""
        if self._file is not None and self._timer is None:
            self._timer = self._host.set_timer(_SOON_S, self._save_now)

    def _save_now(self) -> None:
        self._timer = None
        self._host.run_latest(self.save, "keeper")

    async def save(self) -> None:
        """Write what is open now, if it is not what was written last."""
        tabs = (*self._open_tabs(), *self.left)
        if self._file is None or tabs == self._written:
            return
        self._written = tabs
        try:
            await asyncio.to_thread(self._file.write, tabs)
        except OSError as error:
            logger.warning("drafts and tabs are not kept: %s", error)

    async def end(self, *, by_choice: bool) -> None:
        """The last call: after leaving by choice only drafts are worth keeping."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if by_choice:
            self._written = tuple(tab for tab in (*self._open_tabs(), *self.left) if tab.draft)
            if self._file is not None:
                try:
                    self._file.write(self._written)
                except OSError as error:
                    logger.warning("drafts are not kept: %s", error)
        else:
            await self.save()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_tabs(self) -> tuple[OpenTab, ...]:
        tabs = []
        for pane in self._host.open_panes():
            composer = pane.composer
            tab = OpenTab(
                session_id=pane.state.session_id if pane.state.has_content else "",
                draft=composer.whole_draft,
                rows_above_end=_rows_above_end(pane),
                is_shown=pane is self._host.chat,
            )
            if tab.session_id or tab.draft:
                tabs.append(tab)
        return tuple(tabs)

    # --- bringing back ---------------------------------------------------------------

    def _offer(self) -> None:
        """Give a conversation that was opened again its draft; tell of the others.

        A start card that is still there says it already.
        """
        host = self._host
        shown = host.chat
        mine = [tab for tab in self.left if tab.session_id == shown.state.session_id]
        for tab in mine:
            self.left.remove(tab)
            self._fill(shown, tab)
        info = host.start_info
        has_card = not (shown.state.has_content or info.warnings or info.demo)
        if self.left and not has_card:
            notice = Notice(level="warn", code="unfinished", text=self.offer)
            shown.transcript.notice(notice)

    async def restore(self) -> None:
        """Open what an earlier run left."""
        host = self._host
        left, self.left = self.left, []
        shown: ChatPane | None = None
        for tab in left:
            await host.sessions.resume(tab.session_id or None)
            pane = host.chat
            if tab.session_id and pane.state.session_id != tab.session_id:
                self.left.append(tab)  # it could not be opened, which was told
                continue
            self._fill(pane, tab)
            shown = pane if tab.is_shown or shown is None else shown
        if shown is not None:
            host.sessions.show(shown)
        self.soon()

    def _fill(self, pane: ChatPane, tab: OpenTab) -> None:
        if tab.draft:
            there = pane.composer.draft
            pane.composer.set_draft(f"{there}\n\n{tab.draft}" if there else tab.draft)
        if tab.rows_above_end:
            page = pane.transcript
            self._host.call_after_refresh(
                lambda: page.scroll_to(y=page.max_scroll_y - tab.rows_above_end, animate=False)
            )


def counted(tabs: list[OpenTab]) -> str:
    """Say how much was left: `2 conversations, 1 draft`."""
    sessions = sum(bool(tab.session_id) for tab in tabs)
    drafts = sum(bool(tab.draft) for tab in tabs)
    parts = ((sessions, "conversation"), (drafts, "draft"))
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in parts if count)


def _rows_above_end(pane: ChatPane) -> int:
    page = pane.transcript
    return 0 if page.is_following else max(0, round(page.max_scroll_y - page.scroll_y))
