"""The settings that shape the screen, and giving them to its parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from textual.constants import TEXTUAL_ANIMATIONS

from hermes_tui.slash.door import SubmitMode
from hermes_tui.terminal.mouse import mouse_sequence
from hermes_tui.terminal.wrapping import is_remote
from hermes_widgets.block_page import ROOMY_ROWS
from hermes_widgets.indicator import IndicatorKind
from hermes_widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

LAST_EXCHANGE = 2
"""Messages: a question and its answer."""


class ChosenSettings:
    """What was chosen in the configuration, the defaults until it is read.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self.busy_mode = "steer"
        """What Enter does while a turn runs: `steer`, `queue` or `interrupt`."""
        self.is_still = host.launch.reduced_motion
        """Whether nothing may move."""
        self.rings = False
        """Whether the end of a turn rings the bell."""
        self.osc52 = "auto"
        """How copies go through the terminal: `auto`, `raw`, `tmux`, `screen`, `off`."""
        self.notify = "unfocused"
        """When the desktop is told: `unfocused`, `always` or `off`."""
        self.notify_after = 10
        """Shortest turn worth telling, in seconds."""
        self.notify_command = ""
        """Told instead of the desktop, if there is one."""
        self.notify_content = False
        """Whether notices hold what was said."""
        self.shows_progress = False
        """Whether the terminal's own progress mark runs with a turn."""
        self.confirm_exit = "when busy"
        """When leaving asks first: `when busy`, `always`, `never`."""
        self.leave_transcript = "last"
        """What stays in the terminal after leaving: `last`, `all`, `none`."""
        self.paste_lines = 5
        """Pastes from so many lines on are folded."""
        self.uses_mouse = True
        """Whether the program reacts to the mouse."""
        self.uses_vi = False
        """Whether the field has vi keys."""
        self.column_width = 0
        """Most cells of the text column, 0 for the usual."""
        self.density = "auto"
        """How much air there is: `comfortable`, `compact`, `roomy`, or `auto` by the room."""
        self.shows_status = True
        """Whether the row with state and model is there."""
        self.greets_shortly = False
        """Whether the card of an empty conversation takes few rows."""
        self.indicator: IndicatorKind = "unicode"
        """What turns in the status row."""
        self.tools = "auto"
        self.progress = "all"
        self.reasoning = "collapsed"
        """How thinking is shown: `collapsed`, `expanded` or `hidden`."""
        self.diff = "auto"
        """Changes in one column or two: `unified`, `split`, or `auto` by the room."""
        self.copies_rendered = False
        """Whether a copied block is what is seen, and not its Markdown."""
        self.shows_cost = True
        self.typing_grace_s = 1.0
        """How long the person must not have typed before a dialog opens."""
        self.times_out_unfocused = True
        """Whether the time of a request runs while the person looks elsewhere."""
        self.auto_copies = False
        """Whether what is selected with the mouse is copied at once."""
        self.history_window = 20
        """Messages drawn when a conversation is opened."""
        self.batch = 10
        """Messages drawn more at a time while scrolling up."""
        self.process_notices = "all"
        """Which ends of background processes are told: `off`, `error`, `result` or `all`."""
        self.streams = True
        self.inline_diffs = True
        self.preview_chars = 0
        self.prune_lines = 3000
        """Rows above which the oldest blocks are let go."""

    def read(self) -> None:
        """Read the configuration the first time; what the command line said wins."""
        host = self._host
        setting = host.workspace.setting
        skin = host.launch.skin or str(setting("display.skin") or "")
        theme = host.launch.theme or str(setting("tui.theme") or "")
        root = host.workspace.home.root
        host.appearance.look_in(root / "skins", root / "themes")
        host.appearance.start(skin=skin, theme=theme)
        host.live_reload.tell_look()
        self.follow()

    def follow(self) -> None:
        """Take everything but the looks from the configuration."""
        host = self._host
        setting = host.workspace.setting
        self.busy_mode = str(setting("display.busy_input_mode") or "steer")
        host.appearance.show_plain(not setting("tui.emoji"))
        self.indicator = self._indicator(str(setting("tui.indicator")))
        self.is_still = host.launch.reduced_motion or bool(setting("tui.reduced_motion"))
        self.rings = bool(setting("display.bell_on_complete"))
        self._read_terminal(setting)
        self.confirm_exit = str(setting("tui.confirm_exit"))
        self.leave_transcript = str(setting("tui.leave_transcript"))
        self.times_out_unfocused = bool(setting("approvals.timeout_unfocused"))
        self.typing_grace_s = int(str(setting("tui.typing_grace_ms"))) / 1000
        self.paste_lines = int(str(setting("tui.paste_collapse_lines")))
        self._use_mouse(bool(setting("tui.mouse")))
        self.uses_vi = setting("tui.editing_mode") == "vi"
        self.column_width = int(str(setting("tui.column_width")))
        self.density = str(setting("tui.density"))
        self.shows_status = bool(setting("tui.status_bar"))
        self.greets_shortly = bool(setting("display.compact"))
        self.tools = str(setting("tui.tools"))
        self.progress = str(setting("display.tool_progress"))
        self._read_blocks(setting)
        self.apply()

    def _indicator(self, wanted: str) -> IndicatorKind:
        """The chosen set; without emoji the one of plain characters."""
        if not self._host.workspace.setting("tui.emoji"):
            return "ascii"
        return next((kind for kind in get_args(IndicatorKind) if kind == wanted), "kaomoji")

    def _read_blocks(self, setting: Callable[[str], object]) -> None:
        """Read what is about the blocks of the conversation."""
        self.reasoning = str(setting("tui.reasoning"))
        if self.reasoning == "collapsed" and setting("display.show_reasoning"):
            self.reasoning = "expanded"
        self.diff = str(setting("tui.diff"))
        self.copies_rendered = setting("tui.copy") == "rendered"
        self.shows_cost = bool(setting("display.show_cost"))
        self.process_notices = str(setting("display.background_process_notifications"))
        self.streams = bool(setting("display.streaming"))
        self.inline_diffs = bool(setting("display.inline_diffs"))
        self.preview_chars = int(str(setting("display.tool_preview_length")))
        shown = int(str(setting("tui.history_window")))
        self.history_window = (
            LAST_EXCHANGE if setting("display.resume_display") == "minimal" else shown
        )
        self.batch = int(str(setting("tui.batch")))
        self.prune_lines = int(str(setting("tui.prune_lines")))

    def _read_terminal(self, setting: Callable[[str], object]) -> None:
        """Read what is about the terminal around the screen."""
        self.osc52 = str(setting("tui.osc52"))
        # Elsewhere a selection may end up on the clipboard of the wrong machine, or nowhere.
        wanted = setting("tui.auto_copy")
        self.auto_copies = wanted == "on" or (wanted == "auto" and not is_remote(os.environ))
        self.notify = str(setting("tui.notify"))
        self.notify_after = int(str(setting("tui.notify_after")))
        self.notify_command = str(setting("tui.notify_command"))
        self.notify_content = bool(setting("tui.notify_content"))
        self.shows_progress = bool(setting("tui.terminal_progress"))

    def _use_mouse(self, is_on: bool) -> None:
        if is_on != self.uses_mouse:
            self.uses_mouse = is_on
            self._host.write_to_terminal(mouse_sequence(is_on=is_on))

    @property
    def mode_while_busy(self) -> SubmitMode:
        """What a message does that is sent while a turn runs."""
        return (
            "queue"
            if self.busy_mode == "queue"
            else ("interrupt" if self.busy_mode == "interrupt" else "steer")
        )

    def apply(self) -> None:
        """Give everything that is open its settings."""
        self.apply_motion()
        self._apply_density()
        for pane in self._host.open_panes():
            self.apply_to(pane)

    @property
    def is_calm(self) -> bool:
        """Whether nothing moves now: by choice, or because the person looks elsewhere."""
        return self.is_still or not self._host.app_focus

    def apply_motion(self) -> None:
        """Let everything move, or nothing."""
        host = self._host
        host.animation_level = "none" if self.is_still else TEXTUAL_ANIMATIONS
        for bar in host.query(StatusBar):
            bar.is_still = self.is_calm
            bar.kind = self.indicator
        for pane in host.open_panes():
            pane.transcript.reduced_motion = self.is_calm

    @property
    def is_compact(self) -> bool:
        """Whether lists take one row for each entry."""
        low = self._host.size.height < ROOMY_ROWS
        return self.density == "compact" or (self.density == "auto" and low)

    def _apply_density(self) -> None:
        host = self._host
        host.set_class(self.density == "roomy", "-roomy")
        host.set_class(self.density == "compact", "-dense")
        for bar in host.query(StatusBar):
            bar.display = self.shows_status

    def apply_to(self, pane: ChatPane) -> None:
        """Give one conversation its settings."""
        pane.composer.fold.threshold_lines = self.paste_lines
        pane.composer.use_vi(self.uses_vi)
        pane.state.process_notices = self.process_notices
        transcript = pane.transcript
        transcript.reduced_motion = self.is_calm
        if self.column_width:
            transcript.column_cap = self.column_width
        if self.tools in ("auto", "collapsed", "expanded"):
            transcript.tools = self.tools
        transcript.progress = self.progress
        transcript.density = self.density
        transcript.reasoning = self.reasoning
        transcript.diff = self.diff
        transcript.streaming = self.streams
        transcript.inline_diffs = self.inline_diffs
        transcript.preview_chars = self.preview_chars
        transcript.show_cost = self.shows_cost
        transcript.copies_rendered = self.copies_rendered
        transcript.prune_rows = self.prune_lines
        pane.batch_size = self.batch
