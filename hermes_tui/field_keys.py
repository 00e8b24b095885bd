"""The keys of the composer's field, as the keymap knows them."""

from __future__ import annotations

from textual.binding import Binding

from hermes_tui.actions.action import Action
from hermes_widgets.composing.composer_area import ComposerArea


def field_actions() -> list[Action]:
    """Return what the keys of the field do, by the ids under which they can be changed.

    They act in the field alone, so they are no part of the palette.
    """
    return [
        Action(
            id=binding.id,
            label=binding.description,
            keys=binding.key,
            run=lambda host: None,
            over_fields=False,
        )
        for binding in ComposerArea.BINDINGS
        if isinstance(binding, Binding) and binding.id
    ]
