"""What a card offers to do, as data."""

from __future__ import annotations

from msgspec import Struct


class CardAction(Struct, frozen=True):
    """A button of a card."""

    key: str
    """The letter that presses it while the card has the cursor."""
    label: str
    name: str
    """What is told to the app."""
