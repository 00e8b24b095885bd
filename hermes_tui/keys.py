"""Keys: bindings made from the actions, and keys as people write them."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding

from hermes_tui.actions.action import Action
from hermes_tui.actions.every_action import every_action, find_action

KeysOf = Callable[[Action], str]
"""The keys of an action in force, comma-separated."""

_NAMES = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "question_mark": "?",
    "up": "↑",
    "down": "↓",
    "enter": "⏎",
    "comma": ",",
    "delete": "del",
}
_SIGNS = {"ctrl": "^", "shift": "⇧"}


def key_label(key: str) -> str:
    """Return a key as people write it: `^p`, `^home`, `alt+2`, `⇧tab`, `esc`."""
    *modifiers, name = key.split("+")
    signs = "".join(_SIGNS[modifier] for modifier in modifiers if modifier in _SIGNS)
    words = [modifier for modifier in modifiers if modifier not in _SIGNS]
    return "+".join([*words, signs + _NAMES.get(name, name)])


def default_keys(action: Action) -> str:
    """The keys an action has when nobody changed them."""
    return action.keys


def first_key(action: Action, keys_of: KeysOf = default_keys) -> str:
    """The main key of an action as people write it, empty if it has none."""
    keys = keys_of(action)
    return key_label(keys.split(",")[0]) if keys else ""


def key_of(action_id: str, keys_of: KeysOf = default_keys) -> str:
    """The same by the id of the action."""
    action = find_action(action_id)
    return first_key(action, keys_of) if action is not None else ""


def bindings(keys_of: KeysOf = default_keys) -> list[Binding]:
    """Return a binding with an id for every action that has keys."""
    return [
        Binding(
            keys_of(action),
            f"act('{action.id}')",
            action.label,
            show=False,
            priority=action.over_fields,
            id=action.id,
        )
        for action in every_action()
        if keys_of(action)
    ]
