"""Which keys run which action: the defaults, and what the person wrote over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from textual.keys import Keys, _character_to_key

from hermes_tui.actions.action import Action
from hermes_tui.keys import key_label

_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_ALIASES = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "control": "ctrl"}
_KNOWN = {key.value for key in Keys}
_TYPING = ("space", "enter", "backspace", "delete", "tab", "left", "right", "up", "down")
"""Named keys that writing needs."""
_NONE = ("", "none", "off", "false")


class Keymap(Struct, frozen=True):
    """The keys in force."""

    changed: Mapping[str, str] = field(default_factory=dict)
    """Keys by action id where they differ from the default; empty for no key at all."""
    remarks: tuple[str, ...] = ()
    """What was written and could not be done as it stands."""

    def keys_of(self, action: Action) -> str:
        """The keys of an action, with commas, as the toolkit writes them."""
        return self.changed.get(action.id, action.keys)


def keymap_of(written: Mapping[str, object], actions: Sequence[Action]) -> Keymap:
    """Read what was written under `keymap`.

    A key that was asked for is taken from the action that had it by default; of two
    actions that ask for one key the first written gets it. Both are remarks, and so are
    unknown actions and keys that nobody can press or that writing needs.

    Args:
        written: Action ids, with their dots or nested, to keys: a text with commas, a
            list, or nothing for no key.
        actions: Every action there is.
    """
    by_id = {action.id: action for action in actions}
    remarks: list[str] = []
    asked: dict[str, list[str]] = {}
    for action_id, value in _flat(written).items():
        if action_id not in by_id:
            remarks.append(_unknown(action_id, list(by_id)))
            continue
        keys, wrong = _read(value)
        remarks += [f"keymap.{action_id}: {problem}" for problem in wrong]
        if keys or not wrong:
            asked[action_id] = keys
    changed = _distributed(asked, by_id, remarks)
    return Keymap({name: ",".join(keys) for name, keys in changed.items()}, tuple(remarks))


def _flat(written: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in written.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _unknown(action_id: str, known: list[str]) -> str:
    import difflib  # measured: 4 ms, needed only after a typing mistake

    close = difflib.get_close_matches(action_id, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else "; /keys shows what there is"
    return f"keymap.{action_id}: no action is called that{hint}"


def _read(value: object) -> tuple[list[str], list[str]]:
    """Return keys in the toolkit's words, and what is wrong with the others."""
    if value is None or value is False or str(value).strip().lower() in _NONE:
        return [], []
    pieces = value if isinstance(value, list | tuple) else _pieces(str(value))
    keys: list[str] = []
    wrong: list[str] = []
    for piece in pieces:
        key = _key(str(piece).strip())
        if key is None:
            wrong.append(f"“{piece}” is not a key; keys look like ctrl+p, alt+2, f5")
        elif key in _TYPING or len(key) == 1 or _is_sign(key):
            wrong.append(f"“{piece}” is needed for writing")
        elif key not in keys:
            keys.append(key)
    return keys, wrong


def _pieces(text: str) -> list[str]:
    """Split at commas; a comma that is the key itself, as in `ctrl+,`, stays."""
    parts = text.replace("+,", "+comma").split(",")
    return [part for part in parts if part.strip()]


def _key(text: str) -> str | None:
    if text.startswith("^") and len(text) > 1:
        text = f"ctrl+{text[1:]}"
    *modifiers, name = (_ALIASES.get(part, part) for part in text.lower().split("+"))
    if any(modifier not in _MODIFIERS for modifier in modifiers) or not name:
        return None
    if len(name) == 1:
        name = _character_to_key(name)
    elif name not in _KNOWN and not _is_sign(name):
        return None
    ordered = [modifier for modifier in _MODIFIERS if modifier in modifiers]
    # The toolkit names modifiers by their alphabet: alt, ctrl, …, shift.
    return "+".join([*sorted(ordered), name])


def _is_sign(name: str) -> bool:
    return name in ("comma", "full_stop", "question_mark", "slash", "minus", "semicolon")


def _distributed(
    asked: Mapping[str, list[str]], by_id: Mapping[str, Action], remarks: list[str]
) -> dict[str, list[str]]:
    """Give each key to one action of a pane; returns the keys of every action that changes."""
    owner: dict[tuple[str, str], str] = {}
    changed: dict[str, list[str]] = {}
    for action_id, keys in asked.items():
        pane = by_id[action_id].pane
        for key in keys:
            first = owner.setdefault((pane, key), action_id)
            if first != action_id:
                remarks.append(
                    f"keymap.{action_id}: {key_label(key)} is already asked for by keymap.{first}"
                )
        got = [key for key in keys if owner[pane, key] == action_id]
        if got or not keys:
            changed[action_id] = got
    for action in by_id.values():
        if action.id in changed:
            continue
        keys = [key for key in action.keys.split(",") if key]
        kept = [key for key in keys if owner.get((action.pane, key), action.id) == action.id]
        if kept != keys:
            changed[action.id] = kept
            taker = next(owner[action.pane, key] for key in keys if key not in kept)
            remarks.append(_taken(action, [key for key in keys if key not in kept], kept, taker))
    return changed


def _taken(action: Action, lost: list[str], kept: list[str], taker: str) -> str:
    left = ", ".join(map(key_label, kept)) or "no key"
    return (
        f"keymap.{taker}: {', '.join(map(key_label, lost))} was the key of {action.id},"
        f" which has {left} now"
    )
