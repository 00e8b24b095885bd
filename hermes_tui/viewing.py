"""Moving about in what is shown: scrolling, blocks, folds, zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_ROWS_A_PAGE = 10


class Viewing:
    """Moves the view, in the conversation or in the pane shown in its place.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host

    def scroll(self, direction: int, *, lines: bool = False) -> None:
        """Scroll by a page, or by a line; -1 is up."""
        host = self._host
        if host.side_pane() is not None:
            move = getattr(host.focused, "action_move", None)
            if move is not None:
                move(direction * (1 if lines else _ROWS_A_PAGE))
            return
        transcript = host.chat.transcript
        step = 1 if lines else max(transcript.size.height - 2, 1)
        transcript.scroll_relative(y=direction * step, animate=False)

    def scroll_to(self, *, top: bool) -> None:
        """Scroll to the first or the last line of the conversation."""
        if top:
            self._host.chat.go_to_first()
        else:
            self._host.chat.transcript.action_bottom()

    def toggle_folds(self) -> None:
        """Unfold all tools, or fold them again."""
        transcript = self._host.chat.transcript
        transcript.fold_all(transcript.has_unfolded_tools)

    def move_block(self, step: int) -> None:
        """Take the keyboard to the blocks of the conversation and move among them.

        Behind the last block the keyboard goes back into the field.
        """
        host = self._host
        if host.side_pane() is not None:
            host.show_pane("chat")
        transcript = host.chat.transcript
        if transcript.cursor_block is None and step > 0:
            return
        transcript.focus(scroll_visible=False)
        transcript.move_cursor(step)
        if transcript.cursor_block is None:
            host.chat.composer.focus_field()

    def find(self) -> None:
        """Look for words in the conversation."""
        if self._host.side_pane() is not None:
            self._host.show_pane("chat")
        self._host.chat.find()

    def step_focus(self, step: int) -> None:
        """Use the next or previous pane."""
        self._host.frame.step(step)

    def redraw(self) -> None:
        """Draw every cell again."""
        self._host.refresh(repaint=True, layout=True)

    def zoom(self) -> None:
        """Give what is in use the whole width, or bring the rest back."""
        self._host.frame.zoom()
