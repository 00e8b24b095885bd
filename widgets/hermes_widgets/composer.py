"""Where the person types: sign, field, hint row, completion menu."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static, TextArea

from hermes_widgets.composer_area import ComposerArea
from hermes_widgets.composer_history import InputHistory
from hermes_widgets.composer_menu import Complete, Completion, CompletionMenu
from hermes_widgets.composer_paste import PasteFold
from hermes_widgets.fitting import fit
from hermes_widgets.list_rows import RowList


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerHint:
    """The row under the field."""

    mode: str = ""
    """The approval mode; `yolo` is drawn as a danger."""
    text: str = ""
    """What Enter does now."""
    right: str = ""
    """Attachments, or the keys."""


def hint_content(hint: ComposerHint, width: int) -> Content:
    """Draw the hint row; the right part goes before the left is shortened."""
    mode_style = "$h-bad bold" if hint.mode == "yolo" else "$h-info"
    left = Content.assemble((hint.mode, mode_style), (" · " if hint.mode else "", "$h-faint"))
    room = width - left.cell_length
    text = fit(hint.text, room)
    left = left + Content.styled(text, "$h-faint")
    free = width - left.cell_length - cell_len(hint.right)
    if free < 2:
        return left
    return Content.assemble(left, " " * free, (hint.right, "$h-faint"))


class HintRow(Widget):
    """One row of faint words."""

    DEFAULT_CSS = "HintRow { height: 1; margin-top: 1; }"

    hint: reactive[ComposerHint] = reactive(ComposerHint())
    """What it says."""

    def render(self) -> Content:
        """Draw the row."""
        return hint_content(self.hint, self.size.width)


class Composer(Vertical):
    """The place to type. Says what is sent by `Sent`; keeps a draft until then."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        background: $h-raised;
        border-left: outer $h-line;
        padding: 1 1 0 1;
    }
    Composer:focus-within { border-left: outer $h-gold; }
    Composer > #composer-line { height: auto; }
    Composer #composer-sign { width: 2; color: $h-gold; }
    """

    @dataclass
    class Sent(Message):
        """The person sent something.

        `text` is whole, chips expanded; `draft` is what stood in the field.
        """

        composer: Composer
        text: str
        draft: str

    @dataclass
    class Typed(Message):
        """The draft changed."""

        text: str

    def __init__(
        self,
        *,
        complete: Complete | None = None,
        history: InputHistory | None = None,
        fold_lines: int = 5,
        placeholder: str = "What shall we do?",
        sign: str = "❯",
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id)
        self.past = history if history is not None else InputHistory()
        self.fold = PasteFold(fold_lines)
        self._complete = complete
        self._sign = sign
        self.area = ComposerArea(self.fold, self.past, id="composer-area")
        self.area.placeholder = placeholder
        self.menu = CompletionMenu(id="composer-menu")
        self._hint = HintRow(id="composer-hint")

    def compose(self) -> ComposeResult:
        """Menu (over everything), field, hint row."""
        yield self.menu
        with Horizontal(id="composer-line"):
            yield Static(self._sign, id="composer-sign", markup=False)
            yield self.area
        yield self._hint

    @property
    def draft(self) -> str:
        """What stands in the field, chips as labels."""
        return self.area.text

    @property
    def hint(self) -> ComposerHint:
        """The row under the field."""
        return self._hint.hint

    @hint.setter
    def hint(self, value: ComposerHint) -> None:
        self._hint.hint = value

    def set_sign(self, sign: str) -> None:
        """Use another prompt sign, one cell wide."""
        self._sign = sign
        if self.is_mounted:
            self.query_one("#composer-sign", Static).update(Content(sign))

    def set_draft(self, text: str) -> None:
        """Put a draft into the field, cursor at its end."""
        self.area.show_text(text)

    def clear(self) -> None:
        """Empty the field."""
        self.area.show_text("")

    def close_menu(self) -> bool:
        """Close the completion menu; returns whether it was open."""
        was_open = self.menu.is_open
        self.menu.open(())
        self.area.menu_is_open = False
        return was_open

    def focus_field(self) -> None:
        """Put the keyboard into the field."""
        self.area.focus()

    @on(TextArea.Changed)
    def _draft_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.offer()
        self.post_message(self.Typed(self.area.text))

    def offer(self) -> None:
        """Look again what can be completed; for offers that took a while to find."""
        text = self.area.text
        at_end = self.area.cursor_location == self.area.document.end
        offers = self._complete(text) if self._complete and at_end else ()
        if offers and offers[0].insert.strip() == text.strip() and len(offers) == 1:
            offers = ()
        room = max(self.region.y - 1, 3)
        if offers or self.menu.is_open:
            self.menu.open(offers, room=room, lift=self.styles.padding.top)
        self.area.menu_is_open = bool(offers)

    @on(ComposerArea.MenuKey)
    def _menu_key(self, event: ComposerArea.MenuKey) -> None:
        event.stop()
        if event.key in ("up", "down"):
            self.menu.action_move(-1 if event.key == "up" else 1)
        elif event.key == "escape":
            self.close_menu()
        elif event.key == "enter" and self.menu.offer and not self.menu.offer.takes_enter:
            self.send()
        elif self.menu.offer is not None:
            self._take(self.menu.offer, send=event.key == "enter")

    @on(RowList.Chosen, "#composer-menu")
    def _menu_clicked(self, event: RowList.Chosen) -> None:
        event.stop()
        self._take(self.menu.offer_at(event.key), send=False)

    def _take(self, offer: Completion, *, send: bool) -> None:
        self.area.show_text(offer.insert)
        self.close_menu()
        self.area.focus()
        if send and offer.sends:
            self.send()

    @on(ComposerArea.SendAsked)
    def _send_asked(self, event: ComposerArea.SendAsked) -> None:
        event.stop()
        self.send()

    def send(self) -> None:
        """Hand the draft over and empty the field; blank drafts stay."""
        draft = self.area.text
        if not draft.strip():
            return
        self.close_menu()
        text = self.fold.expand(draft).strip()
        self.past.add(text)
        self.clear()
        self.post_message(self.Sent(self, text, draft))
