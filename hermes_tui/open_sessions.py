"""The open conversations: opening, showing, closing their panes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import ContentSwitcher

from hermes_core.errors import HermesError
from hermes_tui import cycle_collection
from hermes_tui.core_link.start_facts import start_card
from hermes_tui.handlers.past import NewestPart, newest_part
from hermes_tui.launch_state import LaunchState
from hermes_tui.panes.chat import ChatPane
from hermes_widgets.drawing.gone_widgets import forget_gone

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class OpenSessions:
    """Panes in the order of their tabs; one is shown."""

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self.panes: list[ChatPane] = []
        self._shown: ChatPane | None = None
        self._count = 0
        self._opened: dict[ChatPane, asyncio.Event] = {}
        self._turns: dict[ChatPane, int] = {}

    @property
    def shown(self) -> ChatPane:
        """The shown conversation."""
        assert self._shown is not None
        return self._shown

    async def add_pane(self) -> ChatPane:
        """Add an empty pane and show it."""
        self._count += 1
        pane = ChatPane(
            complete=self._host.offers.complete,
            history=self._host.history,
            clocks=self._host.clocks,
            id=f"chat-{self._count}",
        )
        pane.composer.fold.on_fold = self._host.pasting.keep
        self.panes.append(pane)
        self._opened[pane] = asyncio.Event()
        await self._host.query_one("#main", ContentSwitcher).mount(pane)
        self._host.appearance.dress([pane])
        # Scrolling tells nobody, and where one was reading is kept too.
        self._host.watch(pane.transcript, "scroll_y", self._host.keeper.soon, init=False)
        self._host.chosen.apply_to(pane)
        self.show(pane)
        return pane

    def show(self, pane: ChatPane) -> None:
        """Show a conversation."""
        self._shown = pane
        self._host.show_pane("chat")

    def step(self, step: int) -> None:
        """Show the next or previous one, round and round."""
        at = self.panes.index(self.shown)
        self.show(self.panes[(at + step) % len(self.panes)])

    async def open_first(self, launch: LaunchState) -> None:
        """Open what the command line asked for in the pane that is already there."""
        pane = self.shown
        await self._attach(pane, launch.session_id)
        if launch.first_message:
            await self._host.input_line.submit(launch.first_message, pane=pane)

    async def resume(self, session_id: str | None) -> bool:
        """Show a conversation; a pane in which nothing was said is used again.

        Returns:
            Whether it is shown; why not was told.
        """
        if self._host.leaving.is_finishing:
            return False  # a key too many on the way out: there is nothing left to mount into
        for pane in self.panes:
            if session_id is not None and pane.state.session_id == session_id:
                self.show(pane)
                return True
        empty = next((pane for pane in self.panes if self._is_unused(pane)), None)
        if empty is not None and session_id is None:
            self.show(empty)
            return True
        pane = await self.add_pane()
        if empty is not None:
            # At once: what is typed from here on goes into the new field, behind it.
            pane.composer.take_over(empty.composer)
        if not await self._attach(pane, session_id):
            return False
        if empty is not None:
            await self.close(empty)
            self.show(pane)
        return True

    @staticmethod
    def _is_unused(pane: ChatPane) -> bool:
        state = pane.state
        return not state.has_content and not state.is_busy and not state.inputs

    def draw_first(self, session_id: str, newest: NewestPart) -> None:
        """Draw the end of a conversation in the pane that is already there."""
        if not self.shown.is_drawn:  # else the core is brought up a second time
            self.shown.draw_newest(session_id, newest)

    async def _attach(self, pane: ChatPane, session_id: str | None) -> bool:
        workspace, window = self._host.workspace, self._host.chosen.history_window
        try:
            if session_id is not None and not pane.is_drawn:
                newest = await newest_part(workspace.stored(session_id), window)
                pane.draw_newest(session_id, newest)
            handle = await workspace.open(session_id)
        except HermesError as error:
            if len(self.panes) > 1:
                await self.close(pane)  # first: else the words go with it
            self._host.tell_error(str(error), hint=error.hint)
            return False
        pane.state.approval_mode = self._host.start_info.approval_mode
        stored = workspace.stored(handle.session_id)
        pane.attach(handle, stored, window=window, is_new=session_id is None)
        self._opened[pane].set()
        if session_id is None:
            await start_card(self._host, pane)
        return True

    async def reopen(self, pane: ChatPane) -> None:
        """Go on in a pane whose conversation's process ended; what it shows stays."""
        try:
            handle = await self._host.workspace.open(pane.state.session_id)
        except HermesError as error:
            self._host.tell_error(str(error), hint=error.hint)
            return
        await pane.go_on(handle)
        self._host.refresh_all()

    async def wait_until_open(self, pane: ChatPane) -> None:
        """Return when the conversation can be talked to."""
        await self._opened[pane].wait()

    async def close(self, pane: ChatPane) -> None:
        """Close a pane; the last one is replaced by a new conversation."""
        if pane not in self.panes or self._host.leaving.is_finishing:
            return
        at = self.panes.index(pane)
        if len(self.panes) == 1:
            fresh = await self.add_pane()
            await self._attach(fresh, None)
        self.panes.remove(pane)
        self._opened.pop(pane, None)
        self._turns.pop(pane, None)
        if self._shown is pane:
            self.show(self.panes[min(at, len(self.panes) - 1)])
        self._host.asking.forget(pane.state.approvals)
        await pane.release()
        selecting = pane.screen.text_selection_started_signal
        for widget in pane.query(Widget):
            selecting.unsubscribe(widget)
        await pane.remove()
        del pane
        self._forget_watchers()
        forget_gone()
        cycle_collection.take_back()
        self._host.refresh_all()

    def _forget_watchers(self) -> None:
        """Let go of closed fields that watch the theme.

        The toolkit keeps what listens or watches alive, and all around it, until the theme
        changes or a text is selected: half a megabyte a closed conversation.
        """
        watchers: dict[str, list[tuple[Widget, object]]] = getattr(self._host, "__watchers", {})
        for watching in watchers.values():
            watching[:] = [entry for entry in watching if entry[0].is_attached]

    def changed(self, pane: ChatPane) -> None:
        """Ask what a conversation asks; read the list again after each turn."""
        if pane is self._shown:
            self._host.asking.review_questions(pane)
        if self._turns.get(pane, 0) != pane.state.turns:
            self._turns[pane] = pane.state.turns
            self._host.run_latest(self._host.refresh_lists, "lists")

    async def release_all(self) -> None:
        """Let go of every session."""
        for pane in self.panes:
            await pane.release()
