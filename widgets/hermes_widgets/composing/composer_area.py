"""The text field of the composer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from hermes_widgets.composing.composer_history import HistoryWalk, InputHistory
from hermes_widgets.composing.composer_paste import PasteFold
from hermes_widgets.composing.cutting import Cuttings, word_ahead, word_behind
from hermes_widgets.composing.packed_field import PackedField
from hermes_widgets.composing.vi import Wish
from hermes_widgets.composing.vi_keys import ViKeys
from hermes_widgets.fitting import clean_draft

_NEWLINE_KEYS = frozenset({"ctrl+j", "alt+enter", "shift+enter"})
_MENU_KEYS = frozenset({"up", "down", "tab", "enter", "escape"})


def _key(keys: str, action: str, label: str, name: str) -> Binding:
    return Binding(keys, action, label, show=False, id=f"composer.{name}")


class FieldKeeper(Protocol):
    """Who decides about keys that are not the field's own.

    It is called and sent no message: a message is read when letters typed after it are in
    the field already, and Enter would send them too.
    """

    def catch_up(self) -> None:
        """Bring the menu up to date with the draft."""

    def menu_key(self, key: str) -> None:
        """Take a key for the completion menu: `up`, `down`, `tab`, `enter`, `escape`."""

    def send(self) -> None:
        """Send the draft."""


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
    ComposerArea > .composer-area--chip-here {
        background: $h-select; color: $h-gold; text-style: bold;
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"composer-area--chip", "composer-area--chip-here"}
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("ctrl+c,super+c", "copy_or_stop", "Copy or stop", "copy-or-stop"),
        _key("ctrl+d", "quit_or_delete", "Quit or delete", "quit"),
        _key("alt+b,ctrl+left", "word_left", "Word left", "word-left"),
        _key("alt+f,ctrl+right", "word_right", "Word right", "word-right"),
        _key("ctrl+w", "cut_or_close", "Cut to the blank behind, or close the tab", "cut-to-blank"),
        _key("alt+backspace,ctrl+backspace", "cut('word-behind')", "Cut word behind", "cut-word"),
        _key("alt+d,alt+delete", "cut('word-ahead')", "Cut word ahead", "del-word"),
        _key("ctrl+u", "cut('line-start')", "Cut to the line's start", "cut-line-start"),
        _key("ctrl+k", "cut('line-end')", "Cut to the line's end", "cut-line-end"),
        _key("ctrl+y", "put_back", "Put back what was cut", "put-back"),
        _key("ctrl+underscore", "undo", "Undo", "undo"),
        _key("alt+full_stop", "last_argument", "Last word of an earlier input", "last-argument"),
        _key("ctrl+v,alt+v", "paste", "Paste text or picture", "paste"),
        _key("home,ctrl+a", "line_start", "Line start, or the first message", "line-start"),
        _key("end,ctrl+e", "line_end", "Line end, or the last message", "line-end"),
    ]

    TYPING: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "Send; while the agent works, redirect it"),
        ("shift+enter,ctrl+j", "New line"),
        ("/", "Commands and skills"),
        ("@", "Files, folders and changes"),
        ("!", "A command for the shell"),
        ("up", "What was sent before"),
        ("tab", "Take what is offered"),
    )
    """What keys and signs do that are not to be changed, for help: those that come first."""

    class StopAsked(Message):
        """Ctrl+C without a selection."""

    class QuitAsked(Message):
        """Ctrl+D in an empty field."""

    class PasteAsked(Message):
        """A key that pastes: the clipboard may hold a picture or a text."""

    @dataclass
    class ScrollAsked(Message):
        """Home or End in an empty field."""

        top: bool

    class CloseAsked(Message):
        """Ctrl+W in an empty field in which nothing was cut."""

    class DetachAsked(Message):
        """Backspace in an empty field."""

    class Moved(Message):
        """The cursor moved, or the vi mode changed."""

    def __init__(
        self,
        keeper: FieldKeeper,
        fold: PasteFold,
        history: InputHistory,
        *,
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        self._keeper = keeper
        self.fold = fold  # the field asks for chips while it is made
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, compact=True)
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.past = history
        self.walk = HistoryWalk(history)
        self.menu_is_open = False
        """Set by the composer; sends the menu its keys."""
        self.field = PackedField(self)
        self.vi = ViKeys(self.field, self._grant)
        self.cuttings = Cuttings()
        self._argument = (0, "", "")
        """How far back the last inserted argument was, it, and the draft it left."""

    # --- keys ------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if key in _MENU_KEYS:
            self._keeper.catch_up()
        if self.menu_is_open and key in _MENU_KEYS:
            self._use(event)
            self._keeper.menu_key(key)
        elif self.vi.take(event):
            self._use(event)
            self.post_message(self.Moved())
        elif key in _NEWLINE_KEYS:
            self._use(event)
            self.insert("\n")
        elif key in ("enter", "space") and self.chip_here is not None:
            self._use(event)
            self._unfold_chip()
        elif key == "enter":
            self._use(event)
            self._enter()
        elif key == "tab" and self.suggestion:
            self._use(event)
            self.insert(self.suggestion)
        elif key == "tab" and self.text:
            self._use(event)
            self._keeper.menu_key("tab")
        else:
            await super()._on_key(event)

    @staticmethod
    def _use(event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    def _enter(self) -> None:
        row, column = self.cursor_location
        if column and self.document.get_line(row)[:column].endswith("\\"):
            self.replace("\n", (row, column - 1), (row, column))
        else:
            self._keeper.send()

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if event.text:
            self.take_paste(event.text)
        else:
            self.post_message(self.PasteAsked())  # what a terminal sends for a picture

    def take_paste(self, text: str) -> None:
        """Put pasted text in; a long one as a chip, except after a slash."""
        text = clean_draft(text)
        if not self.text.lstrip().startswith("/"):
            text = self.fold.fold(text)
        self._replace_via_keyboard(text, *self.selection)

    def action_paste(self) -> None:
        """Ask for what the clipboard holds."""
        self.post_message(self.PasteAsked())

    # --- earlier inputs --------------------------------------------------------------

    def action_cursor_up(self, select: bool = False) -> None:
        """On the first line: the input before this one."""
        if select or not self.cursor_at_first_line:
            super().action_cursor_up(select)
        else:
            self._grant("older")

    def action_cursor_down(self, select: bool = False) -> None:
        """On the last line: the input after this one, at the end the draft."""
        if select or not self.cursor_at_last_line:
            super().action_cursor_down(select)
        else:
            self._grant("newer")

    def _grant(self, wish: Wish) -> None:
        """Do what a key wishes for."""
        if wish == "undo":
            self.undo()
        elif wish == "redo":
            self.redo()
        else:
            step = self.walk.older if wish == "older" else self.walk.newer
            text = step(self.text)
            if text is not None:
                self.show_text(text)

    def action_last_argument(self) -> None:
        """Put in the last word of the newest input; again: of the one before it."""
        back, before, left = self._argument
        if left != self.text:
            back, before = 0, ""
        word = self.past.argument(back + 1)
        if word:
            row, column = self.cursor_location
            start = (row, column - len(before))
            self.replace(word, start, (row, column), maintain_selection_offset=False)
            self._argument = (back + 1, word, self.text)

    # --- moving and cutting ----------------------------------------------------------

    def action_word_left(self) -> None:
        """Go to the beginning of the word."""
        at = word_behind(self.field.text, self.field.at)
        self.field.select(at, at)

    def action_word_right(self) -> None:
        """Go to the end of the word."""
        at = word_ahead(self.field.text, self.field.at)
        self.field.select(at, at)

    def action_line_start(self) -> None:
        """Go to the start of the line; in an empty field, scroll to the top."""
        if self.text:
            self.action_cursor_line_start()
        else:
            self.post_message(self.ScrollAsked(top=True))

    def action_line_end(self) -> None:
        """Go to the end of the line; in an empty field, scroll to the bottom."""
        if self.text:
            self.action_cursor_line_end()
        else:
            self.post_message(self.ScrollAsked(top=False))

    def action_cut(self, reach: str = "") -> None:
        """Cut from the cursor as far as `reach` says; with a selection, cut that."""
        if not self.selection.is_empty or not reach:
            super().action_cut()
            return
        self.field.put(*self.cuttings.cut(self.field.text, self.field.at, reach))

    def action_cut_or_close(self) -> None:
        """Cut to the blank behind; in a fresh field, ask to close the tab."""
        if self.text or self.cuttings.text:
            self.action_cut("blank-word-behind")
        else:
            self.post_message(self.CloseAsked())

    def action_put_back(self) -> None:
        """Put in what was cut last."""
        if self.cuttings.text:
            text = self.fold.unpacked(self.cuttings.text)
            self._replace_via_keyboard(text, *self.selection)

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

    # --- chips -----------------------------------------------------------------------

    @property
    def chip_here(self) -> tuple[int, int] | None:
        """The span in its line of the chip the cursor is on, None if it is on none."""
        if not self.selection.is_empty:
            return None
        row, column = self.cursor_location
        return self.fold.chip_at(self.document.get_line(row), column)

    def _unfold_chip(self) -> None:
        """Put the whole text in the place of the chip under the cursor."""
        row, _ = self.cursor_location
        start, end = self.chip_here or (0, 0)
        text = self.fold.text_of(self.document.get_line(row)[start:end]) or ""
        self.history.checkpoint()
        self.replace(text, (row, start), (row, end), maintain_selection_offset=False)

    def action_delete_left(self) -> None:
        """Delete to the left; a chip goes whole, in an empty field the last attachment."""
        if not self.text:
            self.post_message(self.DetachAsked())
            return
        row, column = self.cursor_location
        start = None
        if self.selection.is_empty:
            start = self.fold.chip_before(self.document.get_line(row), column)
        if start is None:
            super().action_delete_left()
        else:
            self.delete((row, start), (row, column))

    def action_delete_right(self) -> None:
        """Delete to the right; a chip goes whole."""
        row, _ = self.cursor_location
        here = self.chip_here
        if here is None:
            super().action_delete_right()
        else:
            self.delete((row, here[0]), (row, here[1]))

    def _validate_selection(self, selection: Selection) -> Selection:
        """Keep the cursor out of chips: it steps over them."""
        start, end = super()._validate_selection(selection)
        is_moving = start == end
        before = self.selection.end
        end = self._outside(end, before=before)
        return Selection(end if is_moving else self._outside(start, before=before), end)

    def _outside(self, place: tuple[int, int], *, before: tuple[int, int]) -> tuple[int, int]:
        row, column = place
        came_from = before[1] if before[0] == row else (0 if before < place else column + 1)
        line = self.document.get_line(row)
        return row, self.fold.outside(line, column, before=came_from)

    def get_line(self, line_index: int) -> Text:
        """Return a line with its chips marked."""
        line = super().get_line(line_index)
        here = self.chip_here if self.cursor_location[0] == line_index else None
        for span in self.fold.chips(line.plain):
            line.stylize(self._chip_style(is_here=span == here), *span)
        return line

    def _chip_style(self, *, is_here: bool) -> Style:
        name = "composer-area--chip-here" if is_here else "composer-area--chip"
        return self.get_component_rich_style(name)

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        super()._watch_selection(previous_selection, selection)
        if self.is_mounted and previous_selection != selection:
            self._line_cache.clear()  # the chip under the cursor looks different
            self.post_message(self.Moved())

    # --- text ------------------------------------------------------------------------

    def show_text(self, text: str) -> None:
        """Replace the field's text, cursor at the end."""
        self.text = clean_draft(text)
        self.move_cursor(self.document.end)

    def update_suggestion(self) -> None:
        """Suggest the newest input that begins like this one."""
        at_end = self.cursor_location == self.document.end
        self.suggestion = self.past.suggestion(self.text) if at_end else ""
