"""The floor of the screen: a Textual program with two widgets and nothing else."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class TwoWidgets(App[None]):
    """A line of text above a field."""

    def compose(self) -> ComposeResult:
        """The two."""
        yield Static("❯")
        yield Input(placeholder="What shall we do?")

    def on_mount(self) -> None:
        """Take the keyboard."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()


if __name__ == "__main__":
    TwoWidgets().run()
