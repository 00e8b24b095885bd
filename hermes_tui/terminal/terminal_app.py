"""What of the program speaks to the terminal past the picture."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from textual import constants, events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget

from hermes_tui.browsing import has_browser
from hermes_tui.chosen_settings import ChosenSettings
from hermes_tui.copying import Copying
from hermes_tui.launch_state import ExitState
from hermes_tui.patience import Patience
from hermes_tui.terminal.key_order import KeyDone, KeyOrder, Pressed
from hermes_tui.terminal.terminal_link import TerminalLink
from hermes_widgets.drawing.gone_widgets import forget_gone

_TOASTS = 2
"""Most toasts at a time."""
_UNTIL_DISMISSED_S = 86_400.0
_SIZES_APART_S = 0.05
"""Sizes that come closer to each other are those of an edge that is being dragged."""


class TerminalApp(App[ExitState]):
    """An application that sends control sequences and copies in our own way."""

    copying: Copying
    """Copies texts and tells what became of it."""
    link: TerminalLink
    """Tells the terminal what goes on."""

    chosen: ChosenSettings
    """Says whether anything may move."""

    patience: Patience
    """Lets requests wait while nobody looks."""

    _meant_for: WeakKeyDictionary[events.Key, tuple[Screen[Any], Widget | None]]
    """The screen on which a key was pressed, and what had the keyboard there."""

    key_at = 0.0
    """When the terminal last sent a key, in seconds of the steady clock."""

    row_filters: tuple[LineFilter, ...] = ()
    """What is done to every finished row of the screen."""

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._meant_for = WeakKeyDictionary()
        self._order = KeyOrder(self._deal, self.set_timer)
        self._resized_at = 0.0

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Show a page in a browser, or copy its address where there is none."""
        if self.is_web or has_browser(os.environ):
            super().open_url(url, new_tab=new_tab)
        else:
            self.notify("No browser can be opened here; the address is copied", markup=False)
            self.copying.copy(url)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Take away colours in our own way: the toolkit's knows shades of grey alone."""
        usual = [found for found in super().get_line_filters() if not isinstance(found, Monochrome)]
        return [*usual, *self.row_filters]

    def get_driver_class(self) -> type[Driver]:
        """Our driver of terminals, unless the environment names another."""
        if constants.DRIVER is not None:
            return super().get_driver_class()
        # measured: loaded with the first picture, not with the module
        from hermes_tui.terminal.steady_driver import SteadyDriver

        return SteadyDriver

    def pop_screen(self) -> AwaitComplete:
        """Take the topmost screen away, and what is kept of its picture."""
        popped = super().pop_screen()
        forget_gone()
        return popped

    async def on_event(self, event: events.Event) -> None:
        """Take an event; a key pressed for one thing means nothing to what has come since.

        What nobody takes comes back here to be looked up among the bindings, and meanwhile
        its screen may have closed, or a question gone: Backspace on it would shorten the
        draft then.
        """
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._order.take(event)
        elif not isinstance(event, events.Key) or self._is_meant_here(event):
            await super().on_event(event)

    async def _deal(self, event: Pressed) -> None:
        """Hand a key, or what was pasted, to what has the keyboard."""
        screen = self.screen
        if isinstance(event, events.Key):
            self._meant_for[event] = screen, self.focused
        await super().on_event(event)
        # Only now: a key gives the focus back that a window out of sight has lost.
        self._order.follow(event, screen, self.focused)

    async def on_key_done(self, message: KeyDone) -> None:
        """A key has gone all its way up."""
        if self.screen_stack:  # none at the very end
            await self._order.done(message.number, self.screen)

    def _is_meant_here(self, key: events.Key) -> bool:
        screen, focused = self._meant_for.get(key, (self.screen, None))
        return screen is self.screen and focused in (None, self.focused)

    def on_resize(self) -> None:
        """Take a new size at once; the toolkit waits 8 ms each time for a further one.

        It still does where one comes right behind the other.
        """
        now = time.monotonic()
        if now > self._resized_at + _SIZES_APART_S:
            self.call_next(self._check_resize)
        self._resized_at = now

    def watch_app_focus(self) -> None:
        """Nothing moves in a window that nobody looks at."""
        self.chosen.apply_motion()
        self.patience.review()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast: two at most, and those about errors stay until they are dismissed.

        What is said is data, whatever it holds; `markup` is only there for the toolkit.
        """
        for old in list(self._notifications)[: 1 - _TOASTS]:
            self._unnotify(old, refresh=False)
        if timeout is None and severity == "error":
            timeout = _UNTIL_DISMISSED_S
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def dismiss_errors(self) -> bool:
        """Take toasts about errors away; returns whether there were any."""
        has_errors = any(toast.severity == "error" for toast in self._notifications)
        if has_errors:
            self.clear_notifications()
        return has_errors

    def on_unmount(self) -> None:
        """Leave the terminal's window as it was."""
        self.link.end()

    def write_to_terminal(self, sequence: str) -> None:
        """Send a control sequence that draws nothing, such as a title."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text; the toolkit's own way knows neither tmux nor a local clipboard."""
        self._clipboard = text
        self.copying.copy(text)
