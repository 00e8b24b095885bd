"""The row in which one types what to find, and how many rows have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class FindBar(Horizontal):
    """Hidden until opened. Says what is looked for; the app tells what was found."""

    DEFAULT_CSS = """
    FindBar { height: 1; display: none; background: $h-raised; padding: 0 1 0 2; }
    FindBar.-open { display: block; }
    FindBar > .find-label { width: 5; color: $h-muted; }
    FindBar > Input {
        width: 1fr; height: 1; border: none; padding: 0 1; background: $h-raised;
    }
    FindBar > Input:focus { border: none; }
    FindBar > .find-count { width: auto; min-width: 10; color: $h-faint; text-align: right; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "close", "Close", show=False, id="find.close"),
        Binding("up,shift+enter", "step(-1)", "Above", show=False, id="find.up"),
        Binding("down", "step(1)", "Below", show=False, id="find.down"),
    ]

    @dataclass
    class Wanted(Message):
        """Look for this; empty ends the search."""

        text: str

    @dataclass
    class Stepped(Message):
        """Go to the next found row: 1 down, -1 up."""

        step: int

    class Closed(Message):
        """The search is over."""

    def __init__(self, placeholder: str = "words in this conversation") -> None:
        super().__init__()
        self.field = Input(placeholder=placeholder, compact=True)
        self.field.cursor_blink = False
        self._count = Static("", classes="find-count", markup=False)

    def compose(self) -> ComposeResult:
        """Label, field, count."""
        yield Static("find", classes="find-label", markup=False)
        yield self.field
        yield self._count

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show the row, keyboard in it, the former words selected."""
        self.add_class("-open")
        self.field.focus()
        self.field.action_select_all()
        if self.field.value:
            self.post_message(self.Wanted(self.field.value))

    def show_count(self, at: int, count: int) -> None:
        """Say which of how many rows is shown; both 0 if nothing was found."""
        if not self.field.value:
            text = ""
        elif count:
            text = f"{at} of {count}  ↑↓"
        else:
            text = "nothing found"
        self._count.update(Content(text))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Stepped(-1))

    def action_step(self, step: int) -> None:
        """Go to another found row."""
        self.post_message(self.Stepped(step))

    def action_close(self) -> None:
        """Hide the row and end the search."""
        self.remove_class("-open")
        self.post_message(self.Closed())
