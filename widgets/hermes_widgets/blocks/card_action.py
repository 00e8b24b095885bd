"""What a card offers to do, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardAction:
    """A button of a card."""

    key: str
    """The letter that presses it while the card has the cursor."""
    label: str
    name: str
    """What is told to the app."""
