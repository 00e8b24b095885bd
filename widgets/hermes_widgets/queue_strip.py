"""Messages that wait for the turn to end, above the composer."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from hermes_widgets.fitting import clean, fit

_SHOWN = 3


def queue_content(texts: Sequence[str], width: int) -> Content:
    """Draw one row a message, at most three, then how many more."""
    label, drop = "queued  ", "^x drop"
    rows: list[Content] = []
    for at, text in enumerate(texts[:_SHOWN]):
        more = f"  +{len(texts) - _SHOWN}" if at == _SHOWN - 1 and len(texts) > _SHOWN else ""
        end = more or (f"  {drop}" if at == 0 else "")
        number = f"{at + 1} "
        room = width - len(label) - len(number) - cell_len(end)
        body = fit(clean(text), room)
        rows.append(
            Content.assemble(
                (label if at == 0 else " " * len(label), "$h-faint"),
                (number, "$h-faint"),
                (body, "$h-muted"),
                " " * max(room - cell_len(body), 0),
                (end, "$h-faint"),
            )
        )
    return Content("\n").join(rows)


class QueueStrip(Widget):
    """Zero to three rows; takes no room when nothing waits."""

    DEFAULT_CSS = """
    QueueStrip { height: auto; max-height: 3; padding: 0 1 0 2; display: none; }
    QueueStrip.-filled { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._texts: tuple[str, ...] = ()

    def show(self, texts: Sequence[str]) -> None:
        """Replace the waiting messages, the next one first."""
        if tuple(texts) != self._texts:
            self._texts = tuple(texts)
            self.set_class(bool(texts), "-filled")
            self.refresh(layout=True)

    def render(self) -> Content:
        """Draw the rows."""
        return queue_content(self._texts, self.content_size.width)
