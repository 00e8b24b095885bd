"""What the menu above the composer offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from hermes_widgets.list_rows import Row, RowList


class Completion(Struct, frozen=True, kw_only=True):
    """One offer."""

    insert: str
    """The whole draft after choosing it."""
    label: str
    note: str = ""
    matches: tuple[int, ...] = ()
    takes_enter: bool = True
    """False if Enter sends the draft as it is; Tab takes the offer."""
    sends: bool = False
    """True if Enter on it sends at once: nothing more has to be typed."""


Complete = Callable[[str], Sequence[Completion]]
"""Gets the draft up to the cursor; returns offers, the best first."""


class CompletionMenu(RowList, can_focus=False):
    """At most 12 rows over the transcript; the field keeps the focus."""

    DEFAULT_CSS = """
    CompletionMenu {
        overlay: screen;
        display: none;
        background: $h-raised;
        width: 100%;
        height: auto;
        max-height: 12;
    }
    CompletionMenu.-open { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id, note_at=24, is_lit=True)
        self._offers: tuple[Completion, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self._offers)

    @property
    def offer(self) -> Completion | None:
        """What the cursor is on."""
        return self._offers[int(self.chosen_key)] if self.chosen_key else None

    def offer_at(self, key: str) -> Completion:
        """Return the offer of a row."""
        return self._offers[int(key)]

    def open(self, offers: Sequence[Completion], *, room: int = 1, lift: int = 0) -> None:
        """Show offers above the field; none closes the menu.

        Args:
            offers: The best first.
            room: Rows free above the field.
            lift: Rows between the menu's own place and the first row above the field.
        """
        self._offers = tuple(offers)
        rows = [
            Row(key=str(at), text=offer.label, note=offer.note, matches=offer.matches)
            for at, offer in enumerate(offers)
        ]
        height = max(min(len(rows), 12, room), 1)
        self.show(rows, keep_cursor=False)
        self.styles.height = height
        self.styles.offset = (0, -height - lift)
        self.set_class(bool(rows), "-open")
