"""A question of the agent, answered in place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from hermes_core.events import QuestionAsked
from hermes_widgets.countdown import Countdown
from hermes_widgets.fitting import clean, clean_lines
from hermes_widgets.list_rows import Row, RowList

_OTHER = "other"


class ClarifyCard(Vertical):
    """Choices with numbers, a field for other words, or a masked field.

    A password or secret never leaves the card but by its answer.
    """

    DEFAULT_CSS = """
    ClarifyCard {
        height: auto;
        background: $h-raised;
        border-left: outer $h-warn;
        padding: 1 1 1 1;
        margin-bottom: 1;
    }
    ClarifyCard RowList { height: auto; max-height: 6; margin: 1 0 0 -2; background: $h-raised; }
    ClarifyCard Input {
        height: 1; border: none; padding: 0 1; margin-top: 1;
        background: $h-canvas; color: $h-text;
    }
    ClarifyCard Input:focus { border: none; }
    ClarifyCard .clarify-hint { color: $h-faint; margin-top: 1; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back_or_decline", "No answer", show=False, id="clarify.decline"),
        Binding("up", "to_choices", "To the choices", show=False, id="clarify.to-choices"),
        Binding("ctrl+c", "decline", "No answer", show=False, id="clarify.cancel"),
        Binding("tab", "next", "Next question", show=False, id="clarify.next", priority=True),
        *(
            Binding(str(n), f"number({n})", f"Choice {n}", show=False, id=f"clarify.choice-{n}")
            for n in range(1, 6)
        ),
    ]

    @dataclass
    class Answered(Message):
        """The person answered, or declined with None."""

        question: QuestionAsked
        value: str | None

    class NextWanted(Message):
        """Another open question is wanted."""

    def __init__(
        self,
        question: QuestionAsked,
        *,
        grace_s: float = 0.3,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id)
        self.question = question
        self._grace_s = grace_s
        self._clock = clock
        self._shown_at = float("-inf")
        self._place = ""
        self._countdown = Countdown(self, self.refresh_hint, wall_clock)
        self._list = RowList(id="clarify-choices")
        hidden = question.kind in ("sudo", "secret")
        self._field = Input(password=hidden, id="clarify-field", compact=True)
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Question, choices or field, hint."""
        asked = clean_lines(self.question.question)
        head = Content.assemble(("? ", "$h-warn bold"), (asked, "$h-text bold"))
        yield Static(head, markup=False)
        if self.question.kind == "choice":
            yield self._list
        yield self._field
        yield Static(self._hint(), classes="clarify-hint", id="clarify-hint", markup=False)

    def on_mount(self) -> None:
        """Fill the choices."""
        self._countdown.until(self.question.expires_at)
        if self.question.kind == "choice":
            rows = [
                Row(
                    key=f"choice-{at}",
                    glyph=str(at + 1),
                    glyph_style="$h-muted bold",
                    text=clean(text),
                )
                for at, text in enumerate(self.question.choices)
            ]
            number = str(len(rows) + 1)
            rows.append(
                Row(key=_OTHER, glyph=number, glyph_style="$h-muted bold", text="Something else…")
            )
            self._list.show(rows)
            self._field.display = False

    def extend(self, expires_at: float | None) -> None:
        """The question ends at another time than it said."""
        if expires_at != self.question.expires_at:
            self.question = replace(self.question, expires_at=expires_at)
            if self.is_mounted:
                self._countdown.until(expires_at)

    def show_place(self, place: str) -> None:
        """Say which of several questions this is, such as `1 of 2`; empty for the only one."""
        self._place = place
        self.refresh_hint()

    def refresh_hint(self) -> None:
        """Bring the line below the question up to date."""
        for line in self.query("#clarify-hint").results(Static):  # none while the card goes
            line.update(self._hint())

    def _hint(self) -> str:
        parts = [f"{self._place}, tab next"] if self._place else []
        if (rest := self._countdown.shown_s) is not None:
            parts.append(f"goes on without an answer in {rest}s")
        return " · ".join([*parts, self._keys()])

    def _keys(self) -> str:
        if self._is_in_own_words:
            return "⏎ answers · esc back to the choices"
        if self.question.kind == "choice":
            return "⏎ or number chooses · esc gives no answer"
        if self.question.kind == "text":
            return "⏎ answers · esc gives no answer"
        if self.question.kind == "sudo":
            return "⏎ sends, never shown or written down · esc skips"
        return "⏎ keeps it in .env, never shown or logged · esc skips"

    def take_focus(self) -> None:
        """Put the keyboard where the answer goes; keys on their way already do nothing."""
        self._shown_at = self._clock()
        (self._list if self.question.kind == "choice" else self._field).focus()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if event.key == _OTHER:
            self._field.display = True
            self._field.focus()
        else:
            index = int(event.key.removeprefix("choice-"))
            self._answer(self.question.choices[index])

    @property
    def _is_in_own_words(self) -> bool:
        """Whether the keyboard is in the field beside choices."""
        return self.question.kind == "choice" and self.screen.focused is self._field

    def on_descendant_focus(self) -> None:
        """The field has other keys than the choices."""
        self.refresh_hint()

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value or self.question.kind in ("sudo", "secret"):
            self._answer(event.value or None)

    def action_to_choices(self) -> None:
        """Go from the field up to the choices; what was written stays."""
        if self._is_in_own_words:
            self._list.focus()

    def action_back_or_decline(self) -> None:
        """Go back to the choices, or give no answer."""
        if self._is_in_own_words:
            self._list.focus()
        else:
            self._answer(None)

    def action_decline(self) -> None:
        """Give no answer."""
        self._answer(None)

    def action_number(self, number: int) -> None:
        """Choose by number."""
        rows = self._list.rows
        if number <= len(rows):
            self._list.point_at(rows[number - 1].key)
            self._list.action_choose()

    def action_next(self) -> None:
        """Ask for the next open question."""
        self.post_message(self.NextWanted())

    def _answer(self, value: str | None) -> None:
        if self._clock() - self._shown_at < self._grace_s:
            return
        self._field.value = ""
        self.post_message(self.Answered(self.question, value))
