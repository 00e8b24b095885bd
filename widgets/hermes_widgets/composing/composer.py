"""Where the person types: sign, field, hint row, completion menu."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from hermes_core.messages import Attachment
from hermes_widgets.composing.composer_area import ComposerArea
from hermes_widgets.composing.composer_history import InputHistory
from hermes_widgets.composing.composer_menu import Complete, Completion, CompletionMenu
from hermes_widgets.composing.composer_paste import PasteFold
from hermes_widgets.composing.cutting import Cuttings
from hermes_widgets.composing.hint_row import ComposerHint, HintRow
from hermes_widgets.list_rows import RowList


def badge_name(file: Attachment) -> str:
    """Return how an attached file is called in the row under the field."""
    return PurePath(file.path).name


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
    Composer #composer-sign { color: $h-gold; }
    """

    @dataclass
    class Sent(Message):
        """The person sent something.

        `text` is whole, chips expanded; `draft` is what stood in the field.
        """

        composer: Composer
        text: str
        draft: str
        attachments: tuple[Attachment, ...] = ()

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
        self.area = ComposerArea(self, self.fold, self.past, id="composer-area")
        self.area.placeholder = placeholder
        self.menu = CompletionMenu(id="composer-menu")
        self._hint = HintRow(id="composer-hint")
        self._attached: list[Attachment] = []
        self._offered_for = ""
        """The draft the menu was last filled for."""

    def compose(self) -> ComposeResult:
        """Menu (over everything), field, hint row."""
        yield self.menu
        with Horizontal(id="composer-line"):
            sign = Static(self._sign, id="composer-sign", markup=False)
            sign.styles.width = cell_len(self._sign) + 1
            yield sign
            yield self.area
        yield self._hint

    @property
    def draft(self) -> str:
        """What stands in the field, chips as labels."""
        return self.area.text

    @property
    def whole_draft(self) -> str:
        """What would be sent: chips stand for their texts."""
        return self.fold.expand(self.draft)

    @property
    def hint(self) -> ComposerHint:
        """The row under the field."""
        return self._hint.hint

    @hint.setter
    def hint(self, value: ComposerHint) -> None:
        self._hint.hint = value

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What goes with the message."""
        return tuple(self._attached)

    def attach(self, *files: Attachment) -> None:
        """Let files go with the message; one that does already is not doubled."""
        self._attached = list(dict.fromkeys([*self._attached, *files]))
        self._hint.badges = tuple(badge_name(file) for file in self._attached)

    def detach(self) -> None:
        """Let nothing go with the message."""
        self._attached.clear()
        self._hint.badges = ()

    def use_vi(self, is_on: bool) -> None:
        """Switch the vi keys on or off."""
        self.area.vi.is_on = is_on
        self._show_mode()

    def _show_mode(self) -> None:
        vi = self.area.vi
        self._hint.keys = vi.mode if vi.is_on else ""
        on_chip = self.area.chip_here is not None
        self._hint.note = "space unfolds · ⌫ deletes" if on_chip else ""

    def set_sign(self, sign: str) -> None:
        """Use another prompt sign."""
        self._sign = sign
        if self.is_mounted:
            shown = self.query_one("#composer-sign", Static)
            shown.update(Content(sign))
            shown.styles.width = cell_len(sign) + 1

    def set_draft(self, text: str) -> None:
        """Put a draft into the field, cursor at its end."""
        self.area.walk.end(text)
        self.area.show_text(text)

    def replace_draft(self, text: str) -> None:
        """Put another draft into the field; the one that stood there is an earlier input now."""
        before = self.whole_draft
        self.area.walk.end(before)
        if before != text:
            self.past.add(before)
        self.set_draft(text)
        self.area.vi.begin()  # to be written on
        self._show_mode()

    def take_over(self, other: Composer) -> None:
        """Have the draft of another field, with what its chips stand for and its pictures."""
        self.fold.adopt(other.fold)
        self.set_draft(other.draft)
        self.attach(*other.attachments)

    def give_back(self, text: str) -> None:
        """Put a refused text into the field, before what was typed there meanwhile."""
        self.set_draft(f"{text}\n\n{self.draft}" if self.draft else text)

    def clear(self) -> None:
        """Empty the field."""
        self.area.walk.end(self.draft)
        self.area.show_text("")
        self.area.vi.begin()
        self.area.cuttings = Cuttings()  # Ctrl+Y copies the reply again
        self.detach()
        self._show_mode()

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

    @on(ComposerArea.Moved)
    def _moved(self, event: ComposerArea.Moved) -> None:
        event.stop()
        self._show_mode()

    @on(ComposerArea.DetachAsked)
    def _detach_asked(self, event: ComposerArea.DetachAsked) -> None:
        event.stop()
        kept = self._attached[:-1]
        self.detach()
        self.attach(*kept)

    def offer(self) -> None:
        """Look again what can be completed; for offers that took a while to find."""
        text = self._offered_for = self.area.text
        at_end = self.area.cursor_location == self.area.document.end
        offers = self._complete(text) if self._complete and at_end else ()
        if offers and offers[0].insert.strip() == text.strip() and len(offers) == 1:
            offers = ()
        room = max(self.region.y - 1, 3)
        if offers or self.menu.is_open:
            self.menu.open(offers, room=room, lift=self.styles.padding.top)
        self.area.menu_is_open = bool(offers)
        if offers:
            self.area.suggestion = ""  # Tab takes what the menu offers

    def catch_up(self) -> None:
        """Look again what can be completed if the draft has changed since."""
        if self._offered_for != self.area.text:
            self.offer()

    def menu_key(self, key: str) -> None:
        """Use a key of the field for the menu."""
        if not self.menu.is_open:
            self.offer()
            if not self.menu.is_open:
                self.screen.focus_next()
        elif key in ("up", "down"):
            self.menu.action_move(-1 if key == "up" else 1)
        elif key == "escape":
            self.close_menu()
        elif key == "enter" and self.menu.offer and not self.menu.offer.takes_enter:
            self.send()
        elif self.menu.offer is not None:
            self._take(self.menu.offer, send=key == "enter")

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

    def send(self) -> None:
        """Hand the draft over and empty the field; a blank one without files stays."""
        draft, attachments = self.area.text, self.attachments
        if not draft.strip() and not attachments:
            return
        self.close_menu()
        text = self.fold.expand(draft).strip()
        self.clear()
        self.post_message(self.Sent(self, text, draft, attachments))
