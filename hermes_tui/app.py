"""The full-screen program: composes, binds keys, routes. It holds no conversation logic."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingsMap, BindingType
from textual.containers import Horizontal
from textual.driver import Driver
from textual.events import TextSelected
from textual.scrollbar import ScrollBar
from textual.widgets import ContentSwitcher
from textual.worker import WorkerFailed

from hermes_core.commands import CoreCommand, Interrupt, Reply
from hermes_core.errors import HermesError, NoModelConfigured
from hermes_core.events import Notice
from hermes_core.paths import expanded
from hermes_core.storage.records import SessionSummary
from hermes_tui.actions.every_action import find_action
from hermes_tui.asking import Asking
from hermes_tui.base_screen import BaseScreen, fitting_class
from hermes_tui.block_menu import BlockMenu
from hermes_tui.chosen_settings import ChosenSettings
from hermes_tui.composing.composer_offers import ComposerOffers
from hermes_tui.composing.input_line import InputLine
from hermes_tui.composing.pasting import Pasting
from hermes_tui.copying import Copying
from hermes_tui.core_link.workspace import SkillInfo, StartInfo, Workspace
from hermes_tui.ending.keeper import Keeper
from hermes_tui.ending.leaving import Leaving
from hermes_tui.field_keys import field_actions
from hermes_tui.frame import Frame
from hermes_tui.keymap import Keymap
from hermes_tui.keys import bindings
from hermes_tui.launch_state import ExitState, LaunchState
from hermes_tui.live_reload import LiveReload
from hermes_tui.looks.appearance import Appearance
from hermes_tui.notifying import Notifying
from hermes_tui.open_sessions import OpenSessions
from hermes_tui.palette import Palette
from hermes_tui.panes.chat import ChatPane
from hermes_tui.panes.pane import Pane
from hermes_tui.panes.rails import SideRail
from hermes_tui.patience import Patience
from hermes_tui.place_keys import keys_here
from hermes_tui.reading import Reading
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.screens.text_entry import TextEntryScreen
from hermes_tui.session_state import Clocks, SessionState
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_tui.slash.door import Source, SubmitMode
from hermes_tui.summary import footer_of, hint_of, status_of, tab_of
from hermes_tui.terminal.terminal_app import TerminalApp
from hermes_tui.terminal.terminal_link import TerminalLink
from hermes_tui.viewing import Viewing
from hermes_widgets.blocks.card_action import CardAction
from hermes_widgets.composing.composer import Composer
from hermes_widgets.composing.composer_area import ComposerArea
from hermes_widgets.composing.composer_history import InputHistory
from hermes_widgets.footer_keys import FooterKeys
from hermes_widgets.grip import Grip
from hermes_widgets.markdown.warming import warm_up
from hermes_widgets.scroll_bar import ThinBar
from hermes_widgets.status_bar import StatusBar
from hermes_widgets.tab_row import Place, TabRow
from hermes_widgets.transcript import Transcript

T = TypeVar("T")

Connect = Callable[[], Awaitable[Workspace]]
"""Builds the core; called after the first paint."""


class HermesApp(TerminalApp):
    """The workspace.

    Args:
        connect: Builds the core; typing is possible before it is done.
        launch: How this run begins.
        grace_s: How long a fresh modal ignores keys.
        clocks: Where the time comes from.
        driver_class: Draws; None: what suits the terminal.
    """

    CSS_PATH = "app.tcss"
    TITLE = "hermes"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  the library's own type is a plain list
        (0, "-w-tiny"),
        (60, "-w-narrow"),
        (100, "-w-medium"),
        (160, "-w-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012  the library's own type is a plain list
        (0, "-h-tiny"),
        (16, "-h-low"),
        (24, "-h-compact"),
        (30, "-h-comfortable"),
        (50, "-h-tall"),
    ]

    workspace: Workspace
    """The core; there once `is_ready`."""

    def __init__(
        self,
        connect: Connect,
        launch: LaunchState | None = None,
        *,
        grace_s: float = 0.3,
        clocks: Clocks | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        self.clocks = clocks or Clocks()
        self.launch = launch or LaunchState()
        self.appearance = Appearance(
            self,
            is_light=self.launch.is_light_terminal,
            colours=self.launch.colours,
            wide_glyphs=self.launch.wide_glyphs,
        )
        super().__init__(driver_class=driver_class)
        # Before anything is styled: measured, a second styling is a fifth of the first paint.
        self.appearance.start(skin=self.launch.skin, theme=self.launch.theme)
        ScrollBar.renderer = ThinBar
        self._connect_core = connect
        self.start_info = StartInfo(model="", provider="")
        self.is_ready = False
        self.has_failed_to_start = False
        self.history = InputHistory()
        self.asking = Asking(self, grace_s=grace_s)
        self.sessions = OpenSessions(self)
        self.leaving = Leaving(self)
        self.keeper = Keeper(self)
        self.input_line = InputLine(self)
        self.pasting = Pasting(self)
        self.palette = Palette(self)
        self.viewing = Viewing(self)
        self.copying = Copying(self)
        self.reading = Reading(self)
        self.block_menu = BlockMenu(self)
        self.chosen = ChosenSettings(self)
        self.keymap = Keymap()
        self.live_reload = LiveReload(self)
        self.offers = ComposerOffers(self)
        self.link = TerminalLink(self)
        self.notifying = Notifying(self)
        self.patience = Patience(self)
        self.frame = Frame(self)
        self._bindings = BindingsMap(bindings())  # plugins may have added some
        self.skills: list[SkillInfo] = []
        self.recent: list[SessionSummary] = []

    # --- the picture -----------------------------------------------------------------

    def get_css_variables(self) -> dict[str, str]:
        """Our colour roles are there before the first theme is."""
        return {**self.appearance.variables(), **super().get_css_variables()}

    def compose(self) -> ComposeResult:
        """Tabs, body with rails, status, footer."""
        yield TabRow(id="tabs")
        with Horizontal(id="body"):
            yield SideRail("left", self._rail_changed)
            yield ContentSwitcher(id="main")
            yield SideRail("right", self._rail_changed)
            yield Grip(id="left-grip")
            yield Grip(id="right-grip")
        yield StatusBar(clock=self.clocks.steady, id="status")
        yield FooterKeys(id="footer")

    def get_default_screen(self) -> BaseScreen:
        """The screen that `compose` fills."""
        # With its classes from the start: measured, to style it again when it learns its
        # size takes as long as a frame.
        columns, rows = self.size
        classes = (
            fitting_class(columns, self.HORIZONTAL_BREAKPOINTS),
            fitting_class(rows, self.VERTICAL_BREAKPOINTS),
        )
        return BaseScreen(id="_default", classes=" ".join(classes), key_at=lambda: self.key_at)

    def on_load(self) -> None:
        """Be ready for signals before the terminal is taken."""
        self.link.catch_signals()

    async def on_mount(self) -> None:
        """Show an empty conversation at once, then bring the core up."""
        self.appearance.dress_frame()
        await self.sessions.add_pane()
        self.watch(self.screen, "focused", self.frame.focus_moved, init=False)
        self.watch(self.screen, "focused", self._refresh_footer, init=False)
        self.chosen.apply()
        self.chat.composer.set_draft(self.launch.typed)
        self.refresh_all()
        self.call_after_refresh(self._bring_up)

    @work(exclusive=True, group="start")
    async def _bring_up(self) -> None:
        self.has_failed_to_start = False
        if self.launch.session_id is not None and self.launch.newest is not None:
            self.sessions.draw_first(self.launch.session_id, self.launch.newest)
            await self._painted()
        # Not before: what is loaded in threads would share the time of the first frames.
        self.run_worker(warm_up, name="warm-up", thread=True)
        try:
            self.workspace = await self._connect_core()
        except HermesError as error:
            self.has_failed_to_start = True
            self.tell_error(str(error), hint=self._way_out(error))
            self.refresh_all()
            return
        finally:
            await self.frame.mount_panes()
        self.is_ready = True
        self.start_info = self.workspace.start_info()
        self.chosen.read()
        self.frame.read_widths()
        self.live_reload.start()
        await self.input_line.load_history()
        await self.keeper.look()
        await self.sessions.open_first(self.launch)
        await self.keeper.start()
        self.refresh_all()
        await self.refresh_lists()

    async def _painted(self) -> None:
        """Return when what was told last is on the terminal."""
        # A widget asks to be drawn only after its own messages: the second time it has.
        for pump in (self.chat.transcript, self.screen):
            is_drawn = asyncio.Event()
            pump.call_after_refresh(is_drawn.set)
            await is_drawn.wait()

    def _way_out(self, error: HermesError) -> str:
        """What helps against an error of the start; a missing model can be set up here."""
        if isinstance(error, NoModelConfigured) and self.launch.open_setup is not None:
            return "f9 sets a model up, step by step"
        return error.hint

    def try_again(self) -> None:
        """Bring the core up after it failed: the person may have mended what was wrong."""
        self._bring_up()

    async def follow_settings(self) -> None:
        """Show things as the settings now say."""
        await self.live_reload.apply()

    async def refresh_lists(self) -> None:
        """Read conversations and skills again."""
        try:
            self.recent = await self.workspace.recent(limit=30)
            self.skills = await self.workspace.skills()
        except HermesError as error:
            self.tell_error(str(error), hint=error.hint)
        if not self.is_running:
            return  # closing: the panes are gone
        for pane in self.frame.panes:
            pane.refresh_content()
        self.frame.refresh()

    def refresh_all(self) -> None:
        """Bring the rows around the conversation up to date."""
        if not self.is_running:
            return  # closing: the rows go before the last messages are handled
        state = self.chat.state
        status = status_of(
            state,
            self.start_info,
            is_ready=self.is_ready,
            has_failed=self.has_failed_to_start,
        )
        self.query_one(StatusBar).status = status
        tabs = [tab_of(pane.id or "", pane.state) for pane in self.open_panes()]
        place = Place(folder=self.start_info.cwd, branch=self.start_info.branch)
        self.query_one(TabRow).show(tabs, self.chat.id or "", place)
        self._refresh_hint()
        self.frame.refresh()
        self._refresh_footer()

    def _refresh_footer(self) -> None:
        usual = footer_of(self.shown_pane, self.keymap.keys_of)
        self.query_one(FooterKeys).show(keys_here(self.chat, self.focused) or usual)

    def _refresh_hint(self) -> None:
        composer, busy_mode = self.chat.composer, self.chosen.busy_mode
        composer.hint = hint_of(
            self.state, self.start_info, busy_mode=busy_mode, draft=composer.draft[:2]
        )

    @on(ChatPane.Changed)
    def _pane_changed(self, event: ChatPane.Changed) -> None:
        event.stop()
        if not self.is_running:
            return
        self.refresh_all()
        self.asking.review()
        self.link.review()
        self.notifying.review()
        self.patience.review()
        self.sessions.changed(event.pane)
        self.keeper.soon()
        self.run_latest(self.leaving.review, "leaving")

    # --- what is open ----------------------------------------------------------------

    @property
    def chat(self) -> ChatPane:
        """The shown conversation."""
        return self.sessions.shown

    @property
    def state(self) -> SessionState:
        """What is known about the shown conversation."""
        return self.chat.state

    @property
    def full_screen(self) -> HermesApp:
        """This is the screen."""
        return self

    @property
    def is_modal_open(self) -> bool:
        """Whether something lies over the workspace."""
        return len(self.screen_stack) > 1

    @property
    def folder(self) -> Path:
        """The working folder of the shown conversation."""
        cwd = self.chat.state.cwd
        return expanded(cwd) if cwd else Path.cwd()

    def open_panes(self) -> list[ChatPane]:
        """Every open conversation, in the order of the tabs."""
        return list(self.sessions.panes)

    def open_states(self) -> dict[str, SessionState]:
        """What is known about the open conversations, by session id."""
        return {pane.state.session_id: pane.state for pane in self.sessions.panes}

    def resume(self, session_id: str) -> None:
        """Show a conversation, opening it if need be."""
        self.run_worker(self.sessions.resume(session_id))

    async def open_new(self) -> bool:
        """Begin a new conversation; says whether it could."""
        return await self.sessions.resume(None)

    async def open_in_place(self) -> None:
        """Begin a new conversation in the tab of the shown one."""
        before = self.chat
        if await self.open_new():
            await self.close_pane(before)

    async def pick_session(self, found: Sequence[SessionSummary]) -> str:
        """Show the pane in which conversations are searched and opened."""
        self.show_pane("sessions")
        return ""

    async def close_pane(self, pane: ChatPane) -> None:
        """Close a tab."""
        await self.sessions.close(pane)

    async def close_session(self, session_id: str) -> None:
        """Close the tab of a conversation, if it has one."""
        for pane in self.open_panes():
            if pane.state.session_id == session_id:
                await self.sessions.close(pane)

    def close_shown(self) -> Awaitable[None]:
        """Close the tab that is shown now, after a question if its turn runs.

        Which one is settled at once: a key behind this one may show another.
        """
        return self._close_asked_first(self.chat)

    async def _close_asked_first(self, pane: ChatPane) -> None:
        if pane.state.is_busy and not await self.confirm(
            "Close this tab?", "The turn that runs in it is stopped.", yes="Close"
        ):
            return
        await self.sessions.close(pane)

    def step_tab(self, step: int) -> None:
        """Show the next or previous tab."""
        self.sessions.step(step)

    @on(TabRow.Chosen)
    def _tab_chosen(self, event: TabRow.Chosen) -> None:
        self.sessions.show(next(pane for pane in self.open_panes() if pane.id == event.key))

    @on(TabRow.NewAsked)
    async def _new_asked(self) -> None:
        await self.open_new()

    @on(ChatPane.Lost)
    def _pane_lost(self, event: ChatPane.Lost) -> None:
        pane = event.pane
        pane.state.is_closed = True
        pane.state.turn_id = pane.state.turn_started = None
        pane.transcript.error(
            event.reason,
            hint="What is shown and typed here stays.",
            actions=(CardAction("r", "restart", "reopen"),),
        )
        self.refresh_all()

    # --- panes and focus -------------------------------------------------------------

    @property
    def shown_pane(self) -> str:
        """Id of the pane in use, `chat` for the conversation."""
        return self.frame.shown

    def side_pane(self) -> Pane | None:
        """The pane in use, if it is not the conversation."""
        return self.frame.pane

    def show_pane(self, name: str) -> None:
        """Use a pane, or the conversation again."""
        self.frame.show(name)

    def _rail_changed(self) -> None:
        self.call_after_refresh(self.frame.fit)

    @on(Grip.Dragged)
    def _edge_dragged(self, event: Grip.Dragged) -> None:
        self.frame.drag(event.grip, event.x, is_done=event.is_done)

    @on(Transcript.SessionChosen)
    def _recent_chosen(self, event: Transcript.SessionChosen) -> None:
        self.resume(event.session_id)

    @on(Transcript.CopyRequested)
    def _copy_requested(self, event: Transcript.CopyRequested) -> None:
        self.copying.copy(event.text)

    @on(Transcript.Pointed)
    def _block_pointed(self) -> None:
        self._refresh_footer()

    @on(Transcript.Refused)
    def _key_refused(self, event: Transcript.Refused) -> None:
        self.notify(event.why, timeout=2)

    @on(Transcript.MenuRequested)
    def _menu_requested(self) -> None:
        self.run_worker(self.block_menu.open())

    @on(Transcript.ReadRequested)
    def _read_requested(self) -> None:
        self.run_worker(self.block_menu.read())

    @on(TextSelected)
    def _text_selected(self) -> None:
        text = self.screen.get_selected_text() if self.chosen.auto_copies else None
        if text:
            self.copying.copy(text)

    @on(Transcript.LinkOpened)
    def _link_opened(self, event: Transcript.LinkOpened) -> None:
        self.open_url(event.address)

    @on(Transcript.ActionChosen)
    def _card_pressed(self, event: Transcript.ActionChosen) -> None:
        command = COMMAND_REGISTRY.get(event.name)
        if command is not None:
            self.run_worker(self.input_line.run(command, ""))

    # --- input -----------------------------------------------------------------------

    @on(Composer.Typed)
    def _typed(self, event: Composer.Typed) -> None:
        if event.text:
            self.asking.typed()
        self._refresh_hint()
        self.keeper.soon()

    @on(ChatPane.Sent)
    def _sent(self, event: ChatPane.Sent) -> None:
        event.stop()
        self.input_line.take(event.pane, event.text, event.attachments, replaces=event.replaces)

    @on(ComposerArea.StopAsked)
    async def _stop_asked(self) -> None:
        self.run_worker(self.stop_or_leave())

    @on(ComposerArea.PasteAsked)
    def _paste_asked(self) -> None:
        self.run_latest(self.pasting.paste, "paste")

    @on(ComposerArea.CloseAsked)
    def _close_asked(self) -> None:
        self.run_worker(self._close_asked_first(self.chat))

    @on(ComposerArea.ScrollAsked)
    def _scroll_asked(self, event: ComposerArea.ScrollAsked) -> None:
        self.viewing.scroll_to(top=event.top)

    @on(ComposerArea.QuitAsked)
    async def _quit_asked(self) -> None:
        self.run_worker(self.leave())

    async def command(self, command: CoreCommand) -> Reply:
        """Ask the shown conversation for something; refusals are told."""
        reply = await self.chat.send(command)
        if not reply.ok:
            self.tell_error(reply.text or reply.code)
        elif reply.text:
            self.tell(reply.text)
        return reply

    def run_latest(self, job: Callable[[], Awaitable[None]], group: str) -> None:
        """Run a job in place of the one of its group that still runs.

        A function and no coroutine, which would be left unrun when the next one comes.
        """
        self.run_worker(job, exclusive=True, group=group)

    async def guard(self, call: Awaitable[T]) -> T | None:
        """Wait for the core; tell what went wrong and return None then."""
        try:
            return await call
        except HermesError as error:
            self.tell_error(str(error), hint=error.hint)
            return None

    # --- stopping and leaving --------------------------------------------------------

    async def escape(self) -> None:
        """Go back to the conversation, or stop the turn."""
        await self.leaving.escape()

    async def stop_or_leave(self) -> None:
        """Ctrl+C: stop the turn, else empty the field, else leave."""
        await self.leaving.stop_or_leave()

    async def leave(self) -> None:
        """Leave, after a question if something still runs."""
        await self.leaving.leave()

    async def interrupt(self) -> None:
        """Stop the turn."""
        await self.command(Interrupt(client="screen"))

    # --- telling and asking ----------------------------------------------------------

    def tell(self, text: str) -> None:
        """Say something in the conversation."""
        self.chat.transcript.notice(Notice(level="info", code="local", text=text))

    def tell_error(self, text: str, *, hint: str = "") -> None:
        """Say what went wrong and what can be done."""
        if self.shown_pane == "chat" and not self.is_modal_open:
            whole = f"{text}\n{hint}" if hint else text
            self.chat.transcript.notice(Notice(level="error", code="local", text=whole))
        else:
            self.notify(hint or text, title=text if hint else "", severity="error", markup=False)

    async def confirm(self, title: str, text: str, *, yes: str) -> bool:
        """Ask; Esc and Ctrl+C mean no."""
        screen = ConfirmScreen(title, text, (("yes", yes), ("no", "No, go back")), safe="no")
        return await self.push_screen_wait(screen) == "yes"

    async def ask_text(self, title: str, value: str = "") -> str:
        """Ask for a line; empty if it was left."""
        return await self.push_screen_wait(TextEntryScreen(title, value))

    async def pick(
        self,
        title: str,
        source: Source,
        *,
        note_at: int = 26,
        preview: Callable[[str], None] | None = None,
        start: str = "",
    ) -> str:
        """Let one be picked from a list; empty if it was left."""
        screen = PickScreen(title, source, note_at=note_at, preview=preview, start=start)
        return await self.push_screen_wait(screen)

    async def read(self, title: str, text: str, *, is_diff: bool = False) -> None:
        """Let a long text be read over the workspace."""
        await self.reading.text(title, text, is_diff=is_diff)

    async def show_help(self, word: str) -> None:
        """Keys and commands, searchable; choosing one runs it."""
        await self.palette.show_help(word)

    def offer_draft(self, text: str) -> None:
        """Put a text into the field unless something is typed there."""
        if not self.chat.composer.draft:
            self.chat.composer.set_draft(text)

    async def submit(self, text: str, *, mode: SubmitMode = "default", note: str = "") -> None:
        """Send a message to the shown conversation."""
        await self.input_line.submit(text, mode=mode, note=note)

    @property
    def failure(self) -> BaseException | None:
        """The error that ended the program, for a report once the terminal is free."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error

    async def run_async(self, **wanted: Any) -> ExitState | None:
        """Run to the end; see the toolkit. The core ends in order even if the screen breaks."""
        try:
            return await super().run_async(**wanted)
        finally:
            if self.failure is not None:
                await self.leaving.after_failure()

    def _fatal_error(self) -> None:
        # The toolkit would print every local variable, secrets among them.
        self._close_messages_no_wait()

    def use_keymap(self, keymap: Keymap) -> None:
        """Let these keys run the actions from now on."""
        self.keymap = keymap
        # The toolkit's own keymap can neither take a key away nor give one to an action
        # that had none.
        self._bindings = BindingsMap(bindings(keymap.keys_of))
        fields = {action.id for action in field_actions()}
        self.set_keymap({name: keys for name, keys in keymap.changed.items() if name in fields})
        self.refresh_bindings()
        self.refresh_all()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep keys of panes to their panes, and most keys away from modals."""
        found = find_action(str(parameters[0])) if action == "act" and parameters else None
        if found is None:
            return super().check_action(action, parameters)
        if self.is_modal_open:
            return found.over_modals or not found.over_fields
        return found.pane in ("", self.shown_pane)

    @on(FooterKeys.Pressed)
    def _footer_pressed(self, event: FooterKeys.Pressed) -> None:
        self.palette.act(event.act)

    def action_act(self, action_id: str) -> None:
        """Run an action by its id; every key ends here."""
        self.palette.act(action_id)
