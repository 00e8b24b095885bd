"""The vi machine over the composer's field."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from textual import events

from hermes_widgets.composing.packed_field import PackedField
from hermes_widgets.composing.vi import Vi, ViMode, Wish, press


class ViKeys:
    """Takes keys while it is switched on.

    Args:
        field: What is edited.
        grant: Does what the machine wishes for: undo, earlier and later inputs.
    """

    def __init__(self, field: PackedField, grant: Callable[[Wish], None]) -> None:
        self._field = field
        self._grant = grant
        self._vi = Vi()
        self.is_on = False
        """Whether `tui.editing_mode` is `vi`."""

    @property
    def mode(self) -> ViMode:
        """The mode; `insert` too while it is switched off."""
        return self._vi.mode

    def begin(self) -> None:
        """A fresh draft is written in insert mode."""
        self._vi = replace(self._vi, mode="insert", pending="")

    def take(self, event: events.Key) -> bool:
        """Use a key; returns False for one that means what it means without vi."""
        if not self.is_on:
            return False
        if event.key == "escape":
            if self.mode == "normal" and not self._vi.pending:
                return False
            return self._press("escape")
        if self.mode == "insert":
            return False
        key = {"backspace": "h", "home": "0", "end": "$"}.get(event.key, event.character or "")
        if len(key) != 1 or not key.isprintable():
            return False
        return self._press(key)

    def _press(self, key: str) -> bool:
        field, before = self._field, self._vi
        at = before.at if before.mode.startswith("visual") else field.at
        vi = press(replace(before, text=field.text, at=at), key)
        self._vi = replace(vi, text="")
        field.put(vi.text, vi.at)
        if vi.mode.startswith("visual"):
            field.select(*vi.selected)
        if vi.wish:
            self._grant(vi.wish)
        return True
