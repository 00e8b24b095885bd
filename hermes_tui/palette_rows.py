"""What the palette and help list, made from the registries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from hermes_tui.actions.action import Action
from hermes_tui.actions.every_action import every_action, ranked_actions
from hermes_tui.keys import KeysOf, default_keys, key_label
from hermes_tui.matching import matching
from hermes_tui.panes.pane import PANE_REGISTRY
from hermes_tui.panes.row_texts import sections
from hermes_tui.session_state import SessionState
from hermes_tui.slash.command import COMMAND_REGISTRY, SlashCommand
from hermes_widgets.list_rows import Row

_PREFIXES = {
    ">": "action:",
    "/": "command:",
    "@": "file:",
    "#": "session:",
    ":": "setting:",
    "$": "skill:",
}
_ONLY_SEARCHED = ("Models", "Skins", "Themes", "Settings", "Files")
"""Groups too long to be looked through."""
_LATELY = 5


def action_rows(keys_of: KeysOf = default_keys) -> list[Row]:
    """Every action with its keys, what people want first at the top."""
    return [
        Row(
            key=f"action:{action.id}",
            text=_label(action),
            right=" ".join(key_label(key) for key in keys_of(action).split(",")[:2] if key),
        )
        for action in ranked_actions()
    ]


def _label(action: Action) -> str:
    """What an action does, with the pane in which it does it."""
    spec = PANE_REGISTRY.get(action.pane) if action.pane else None
    return f"{spec.title}: {action.label}" if spec is not None else action.label


def command_rows(state: SessionState | None = None) -> list[Row]:
    """Slash commands: those that suit a conversation, or all."""
    return [_command_row(command) for command in _suited(state)]


def _command_row(command: SlashCommand) -> Row:
    return Row(
        key=f"command:{command.name}",
        text=f"/{command.name} {command.args}".rstrip(),
        note=command.summary,
        right=" ".join(f"/{alias}" for alias in command.aliases),
    )


def _suited(state: SessionState | None) -> list[SlashCommand]:
    return [one for one in COMMAND_REGISTRY.all() if state is None or one.suits(state)]


def palette_rows(
    text: str,
    others: Mapping[str, Sequence[Row]],
    keys_of: KeysOf = default_keys,
    *,
    recent: Sequence[str] = (),
    state: SessionState | None = None,
) -> list[Row]:
    """Everything that matches, groups only while nothing is typed.

    `>` searches actions, `/` commands, `@` files, `#` conversations, `:` settings,
    `$` skills.

    Args:
        text: What was typed.
        others: Rows by group, beside actions and commands.
        keys_of: The keys in force.
        recent: Keys of what was chosen before, the last first; they stand on top.
        state: The conversation that commands must suit; None: all are listed.
    """
    groups: dict[str, Sequence[Row]] = {
        "Actions": action_rows(keys_of),
        "Commands": command_rows(state),
        **others,
    }
    every = {row.key: row for rows in groups.values() for row in rows}
    wanted = text.strip()
    lately = [every[key] for key in recent if key in every]
    if wanted[:1] in _PREFIXES:
        kind = _PREFIXES[wanted[0]]
        rows = [row for row in (*lately, *every.values()) if row.key.startswith(kind)]
        return matching(list({row.key: row for row in rows}.values()), wanted[1:])
    if wanted:
        # Of rows that fit equally well the first one wins.
        ordered = {row.key: row for row in (*lately, *every.values())}
        return matching(list(ordered.values()), wanted)
    shown = {name: rows for name, rows in groups.items() if name not in _ONLY_SEARCHED}
    return _grouped({"Lately": lately[:_LATELY], **shown} if lately else shown)


def help_rows(
    text: str,
    keys_of: KeysOf = default_keys,
    *,
    pane: str = "",
    local: Sequence[Row] = (),
    typing: Sequence[Row] = (),
    state: SessionState | None = None,
) -> list[Row]:
    """Keys with the ids that `keymap` knows them by, and commands; nothing else.

    Args:
        text: What is searched for.
        keys_of: The keys in force.
        pane: Id of the pane in use, whose actions come first.
        local: Keys of the part of the screen in use that belong to no action.
        typing: What a stranger has to know where text is typed, which comes before all.
        state: The conversation that commands must suit; None: all are listed.
    """
    actions = [replace(row, note=row.key.partition(":")[2]) for row in action_rows(keys_of)]
    if text.strip():
        return matching([*typing, *actions, *local, *command_rows(state)], text)
    of_pane = {f"action:{action.id}" for action in every_action() if action.pane == pane != ""}
    spec = PANE_REGISTRY.get(pane)
    here = [replace(row, text=row.text.partition(": ")[2]) for row in actions if row.key in of_pane]
    groups: dict[str, list[Row]] = {"Typing": list(typing)}
    if spec is not None:
        groups[spec.title] = [*here, *local]
    groups["Keys"] = [row for row in actions if row.right and row.key not in of_pane]
    if spec is None:
        groups["Editing"] = list(local)
    for command in _suited(state):
        groups.setdefault(command.group, []).append(_command_row(command))
    return _grouped(groups)


def _grouped(groups: Mapping[str, Sequence[Row]]) -> list[Row]:
    return sections(
        *(
            (Row(text=name, style="$h-muted bold"), list(entries))
            for name, entries in groups.items()
        )
    )
