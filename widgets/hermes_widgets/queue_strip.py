"""Messages that wait for the turn to end, above the composer: edited, moved, dropped, held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from hermes_widgets.fitting import clean, fit

_SHOWN = 3
_LABELS = {False: "queued  ", True: "paused  "}
_DROP = "^x drop"
_KEYS = "e edit · J K move · x drop · p {pause}"


def queue_content(
    texts: Sequence[str], width: int, *, chosen: int | None = None, held: bool = False
) -> Content:
    """Draw one row a message, at most three, then how many more.

    Args:
        texts: Waiting messages, the next one first.
        width: Cells.
        chosen: The one under the cursor, which is among those that are seen.
        held: Whether they wait until they may go on.
    """
    label = _LABELS[held]
    first = _first_seen(len(texts), chosen)
    rows: list[Content] = []
    for at, text in enumerate(texts[first : first + _SHOWN], first):
        is_first, is_chosen = at == first, at == chosen
        end = _end(at, len(texts), width, chosen=chosen, held=held)
        number = f"{at + 1} "
        room = width - len(label) - len(number) - cell_len(end)
        body = fit(clean(text), room)
        row = Content.assemble(
            (label if is_first else " " * len(label), "$h-warn" if held else "$h-faint"),
            (number, "$h-gold" if is_chosen else "$h-faint"),
            (body, "$h-text" if is_chosen else "$h-muted"),
            " " * max(room - cell_len(body), 0),
            (end, "$h-faint"),
        )
        rows.append(row.stylize("on $h-select") if is_chosen else row)
    return Content("\n").join(rows)


def _end(at: int, count: int, width: int, *, chosen: int | None, held: bool) -> str:
    """The words at the end of a row: its keys, how it is dropped, how many follow."""
    first = _first_seen(count, chosen)
    left = count - first - _SHOWN
    if at == chosen:
        end = "  " + _KEYS.format(pause="go on" if held else "pause")
    elif at == first + _SHOWN - 1 and left > 0:
        end = f"  +{left}"
    elif at == first and chosen is None:
        end = f"  {_DROP}"
    else:
        return ""
    return end if len(_LABELS[held]) + len(f"{at + 1} ") + len(end) + 8 <= width else ""


def _word_at(end: str, x: int) -> str:
    """The one of the words at the end of a row that stands in a column, empty if none does."""
    if not 0 <= x < len(end):
        return ""
    begin, stop = end.rfind("·", 0, x + 1) + 1, end.find("·", x)
    return end[begin : stop if stop >= 0 else len(end)].strip()


def _first_seen(count: int, chosen: int | None) -> int:
    """The first row of the three that are seen."""
    if chosen is None or chosen < _SHOWN:
        return 0
    return min(chosen - _SHOWN + 1, max(0, count - _SHOWN))


class QueueStrip(Widget, can_focus=True):
    """Zero to three rows; takes no room when nothing waits."""

    DEFAULT_CSS = """
    QueueStrip { height: auto; max-height: 3; padding: 0 1 0 2; display: none; }
    QueueStrip.-filled { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="queue.up"),
        Binding("down", "move(1)", "Down", show=False, id="queue.down"),
        Binding("K,ctrl+up", "shift(-1)", "Earlier", show=False, id="queue.earlier"),
        Binding("J,ctrl+down", "shift(1)", "Later", show=False, id="queue.later"),
        Binding("e,enter", "edit", "Edit", show=False, id="queue.edit"),
        Binding("x,delete,backspace", "drop", "Drop", show=False, id="queue.drop"),
        Binding("p,space", "pause", "Pause or go on", show=False, id="queue.pause"),
        Binding("escape", "leave", "Back to the field", show=False, id="queue.leave"),
    ]

    @dataclass
    class EditAsked(Message):
        """Change the text of one."""

        input_id: str
        text: str

    @dataclass
    class DropAsked(Message):
        """Take one back."""

        input_id: str

    @dataclass
    class OrderAsked(Message):
        """Put them into this order."""

        input_ids: tuple[str, ...]

    @dataclass
    class PauseAsked(Message):
        """Hold them back, or let them go on."""

        paused: bool

    class Left(Message):
        """The keyboard may go elsewhere."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._items: dict[str, str] = {}
        self._held = False
        self._chosen = ""
        self._drawn: int | None = None
        """Place of the cursor as it was drawn last; a press takes the keyboard before its click."""
        self._pressed: int | None = None

    def show(self, items: Mapping[str, str], *, held: bool = False) -> None:
        """Replace the waiting messages, by input id, the next one first."""
        if list(items.items()) == list(self._items.items()) and held == self._held:
            return
        self._items, self._held = dict(items), held
        if self._chosen not in self._items:
            self._chosen = ""
        if not items and self.has_focus:
            self.post_message(self.Left())
        self.set_class(bool(items), "-filled")
        self.refresh(layout=True)

    @property
    def _ids(self) -> list[str]:
        return list(self._items)

    def _cursor(self) -> int | None:
        """Place of the one under the cursor, the first if none is; None without the keyboard."""
        if not self.has_focus or not self._items:
            return None
        return self._ids.index(self._chosen) if self._chosen in self._items else 0

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self._chosen = ""
        self.refresh()

    def render(self) -> Content:
        """Draw the rows."""
        texts = list(self._items.values())
        width = self.content_size.width
        self._drawn = self._cursor()
        return queue_content(texts, width, chosen=self._drawn, held=self._held)

    def action_move(self, step: int) -> None:
        """Move the cursor; below the last one the keyboard leaves."""
        at = self._cursor()
        if at is None:
            return
        if at + step >= len(self._items):
            self.post_message(self.Left())
        else:
            self._chosen = self._ids[max(0, at + step)]
            self.refresh()

    def action_shift(self, step: int) -> None:
        """Ask for the message under the cursor to come earlier or later."""
        at = self._cursor()
        if at is None or not 0 <= at + step < len(self._items):
            return
        ids = self._ids
        self._chosen = ids[at]
        ids[at], ids[at + step] = ids[at + step], ids[at]
        self.post_message(self.OrderAsked(tuple(ids)))

    def action_edit(self) -> None:
        """Ask for the text to be changed."""
        at = self._cursor()
        if at is not None:
            input_id = self._ids[at]
            self.post_message(self.EditAsked(input_id, self._items[input_id]))

    def action_drop(self) -> None:
        """Ask for the message to be taken back."""
        at = self._cursor()
        if at is not None:
            ids = self._ids
            self._chosen = (ids[at + 1 : at + 2] or ids[at - 1 : at] or [""])[0]
            self.post_message(self.DropAsked(ids[at]))

    def action_pause(self) -> None:
        """Ask for the queue to be held, or to go on."""
        self.post_message(self.PauseAsked(not self._held))

    def action_leave(self) -> None:
        """Give the keyboard back."""
        self.post_message(self.Left())

    def on_mouse_down(self) -> None:
        """Keep what the press was aimed at."""
        self._pressed = self._drawn

    def on_click(self, event: events.Click) -> None:
        """The label pauses, a word at the end of a row does what it says, the row is chosen."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        count, width, chosen = len(self._items), self.content_size.width, self._pressed
        at = _first_seen(count, chosen) + offset.y
        if at >= count:
            return
        end = _end(at, count, width, chosen=chosen, held=self._held)
        word = _word_at(end, offset.x - (width - len(end)))
        self._chosen = self._ids[at]
        self.focus()
        if (offset.y == 0 and offset.x < len(_LABELS[self._held].rstrip())) or word[:2] == "p ":
            self.action_pause()
        elif word.endswith("drop"):
            self.post_message(self.DropAsked(self._chosen))
        elif word.endswith("edit"):
            self.post_message(self.EditAsked(self._chosen, self._items[self._chosen]))
        self.refresh()
