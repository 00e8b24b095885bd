"""The text field of the composer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from hermes_widgets.composer_history import InputHistory
from hermes_widgets.composer_paste import CHIP, PasteFold, normal_text

_NEWLINE_KEYS = frozenset({"ctrl+j", "alt+enter", "shift+enter"})


class ComposerArea(TextArea):
    """Several lines; Enter sends, Ctrl+J, Alt+Enter and Shift+Enter break the line."""

    DEFAULT_CSS = """
    ComposerArea {
        height: auto;
        max-height: 8;
        border: none;
        padding: 0;
        background: $h-raised;
        color: $h-text;
        scrollbar-size-vertical: 1;
    }
    ComposerArea:focus { border: none; }
    ComposerArea .text-area--placeholder { color: $h-faint; }
    ComposerArea .text-area--suggestion { color: $h-faint; }
    ComposerArea .text-area--cursor-line { background: $h-raised; }
    ComposerArea .text-area--matching-bracket { background: $h-select; }
    ComposerArea > .composer-area--chip { background: $h-select; color: $h-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"composer-area--chip"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "copy_or_stop", "Copy or stop", show=False, id="composer.copy-or-stop"),
        Binding("ctrl+d", "quit_or_delete", "Quit or delete", show=False, id="composer.quit"),
        Binding("alt+b", "cursor_word_left", "Word left", show=False, id="composer.word-left"),
        Binding("alt+f", "cursor_word_right", "Word right", show=False, id="composer.word-right"),
        Binding("alt+d", "delete_word_right", "Delete word", show=False, id="composer.del-word"),
        Binding("ctrl+underscore", "undo", "Undo", show=False, id="composer.undo"),
    ]

    class SendAsked(Message):
        """Enter was pressed on something to send."""

    @dataclass
    class MenuKey(Message):
        """A key for the open completion menu: `up`, `down`, `tab`, `enter`, `escape`."""

        key: str

    class StopAsked(Message):
        """Ctrl+C without a selection."""

    class QuitAsked(Message):
        """Ctrl+D in an empty field."""

    def __init__(self, fold: PasteFold, history: InputHistory, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, compact=True)
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.past = history
        self.fold = fold
        self.menu_is_open = False
        """Set by the composer; sends the menu its keys."""

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if self.menu_is_open and key in ("up", "down", "tab", "enter", "escape"):
            event.stop()
            event.prevent_default()
            self.post_message(self.MenuKey(key))
        elif key in _NEWLINE_KEYS:
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif key == "enter":
            event.stop()
            event.prevent_default()
            self._enter()
        elif key == "tab" and self.suggestion:
            event.stop()
            event.prevent_default()
            self.insert(self.suggestion)
        else:
            await super()._on_key(event)

    def _enter(self) -> None:
        row, column = self.cursor_location
        if column and self.document.get_line(row)[:column].endswith("\\"):
            self.replace("\n", (row, column - 1), (row, column))
        else:
            self.post_message(self.SendAsked())

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = normal_text(event.text)
        if not self.text.lstrip().startswith("/"):
            text = self.fold.fold(text)
        self.insert(text)

    def action_cursor_up(self, select: bool = False) -> None:
        """On the first line: the input before this one."""
        if select or not self.cursor_at_first_line:
            super().action_cursor_up(select)
            return
        earlier = self.past.older(self.text)
        if earlier is not None:
            self.show_text(earlier)

    def action_cursor_down(self, select: bool = False) -> None:
        """On the last line: the input after this one, at the end the draft."""
        if select or not self.cursor_at_last_line:
            super().action_cursor_down(select)
            return
        later = self.past.newer()
        if later is not None:
            self.show_text(later)

    def action_delete_left(self) -> None:
        """Delete to the left; a chip goes whole."""
        row, column = self.cursor_location
        start = None
        if self.selection.is_empty:
            start = self.fold.chip_before(self.document.get_line(row), column)
        if start is None:
            super().action_delete_left()
        else:
            self.delete((row, start), (row, column))

    def action_copy_or_stop(self) -> None:
        """Copy the selection; without one, ask to stop."""
        if self.selected_text:
            self.action_copy()
        else:
            self.post_message(self.StopAsked())

    def action_quit_or_delete(self) -> None:
        """Delete to the right; in an empty field, ask to quit."""
        if self.text:
            self.action_delete_right()
        else:
            self.post_message(self.QuitAsked())

    def show_text(self, text: str) -> None:
        """Replace the field's text, cursor at the end."""
        self.text = text
        self.move_cursor(self.document.end)

    def update_suggestion(self) -> None:
        """Suggest the newest input that begins like this one."""
        at_end = self.cursor_location == self.document.end
        self.suggestion = self.past.suggestion(self.text) if at_end else ""

    def get_line(self, line_index: int) -> Text:
        """Return a line with its chips marked."""
        line = super().get_line(line_index)
        style: Style | None = None
        for found in CHIP.finditer(line.plain):
            style = style or self.get_component_rich_style("composer-area--chip")
            line.stylize(style, found.start(), found.end())
        return line
