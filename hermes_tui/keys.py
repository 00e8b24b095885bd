"""Keys: bindings made from the actions, and keys as people write them."""

from __future__ import annotations

from textual.binding import Binding

from hermes_tui.actions.action import ACTION_REGISTRY, Action

_NAMES = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "question_mark": "?",
    "up": "↑",
    "down": "↓",
    "enter": "⏎",
}
_SIGNS = {"ctrl": "^", "shift": "⇧"}


def key_label(key: str) -> str:
    """Return a key as people write it: `^p`, `^home`, `alt+2`, `⇧tab`, `esc`."""
    *modifiers, name = key.split("+")
    signs = "".join(_SIGNS[modifier] for modifier in modifiers if modifier in _SIGNS)
    words = [modifier for modifier in modifiers if modifier not in _SIGNS]
    return "+".join([*words, signs + _NAMES.get(name, name)])


def first_key(action: Action) -> str:
    """The main key of an action as people write it, empty if it has none."""
    return key_label(action.keys.split(",")[0]) if action.keys else ""


def bindings() -> list[Binding]:
    """Return a binding with an id for every action that has keys."""
    return [
        Binding(
            action.keys,
            f"act('{action.id}')",
            action.label,
            show=False,
            priority=action.over_fields,
            id=action.id,
        )
        for action in ACTION_REGISTRY.all()
        if action.keys
    ]
