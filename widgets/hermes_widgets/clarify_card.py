"""A question of the agent, answered in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from hermes_core.events import QuestionAsked
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
        Binding("escape", "decline", "No answer", show=False, id="clarify.decline"),
        Binding("ctrl+c", "decline", "No answer", show=False, id="clarify.cancel"),
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

    def __init__(self, question: QuestionAsked, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self.question = question
        self._list = RowList(id="clarify-choices")
        hidden = question.kind in ("sudo", "secret")
        self._field = Input(password=hidden, id="clarify-field", compact=True)
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Question, choices or field, hint."""
        head = Content.assemble(("? ", "$h-warn bold"), (self.question.question, "$h-text bold"))
        yield Static(head, markup=False)
        if self.question.kind == "choice":
            yield self._list
        yield self._field
        yield Static(self._hint(), classes="clarify-hint", markup=False)

    def on_mount(self) -> None:
        """Fill the choices."""
        if self.question.kind == "choice":
            rows = [
                Row(key=f"choice-{at}", glyph=str(at + 1), glyph_style="$h-gold bold", text=text)
                for at, text in enumerate(self.question.choices)
            ]
            number = str(len(rows) + 1)
            rows.append(
                Row(key=_OTHER, glyph=number, glyph_style="$h-gold bold", text="Something else…")
            )
            self._list.show(rows)
            self._field.display = False

    def _hint(self) -> str:
        if self.question.kind == "choice":
            return "⏎ or number chooses · esc gives no answer"
        if self.question.kind == "text":
            return "⏎ answers · esc gives no answer"
        return "⏎ sends, nothing is shown or kept · esc skips"

    def take_focus(self) -> None:
        """Put the keyboard where the answer goes."""
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

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value or self.question.kind != "text":
            self._answer(event.value or None)

    def action_decline(self) -> None:
        """Give no answer."""
        self._answer(None)

    def action_number(self, number: int) -> None:
        """Choose by number."""
        rows = self._list.rows
        if number <= len(rows):
            self._list.point_at(rows[number - 1].key)
            self._list.action_choose()

    def _answer(self, value: str | None) -> None:
        self._field.value = ""
        self.post_message(self.Answered(self.question, value))
