"""Commands about approvals and snapshots."""

from __future__ import annotations

from typing import Literal

from hermes_core.commands import RevokeGrant, Rollback, SetApprovalMode
from hermes_tui.core_link.workspace import CheckpointInfo
from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import age
from hermes_widgets.row import Row

Mode = Literal["manual", "smart", "off"]
_MODES: tuple[Mode, ...] = ("manual", "smart", "off")


async def set_mode(door: Door, mode: Mode) -> None:
    """Switch the approval mode; switching approvals off is asked about."""
    if mode == "off":
        sure = await door.confirm(
            "Run everything without asking?",
            "Commands that destroy the machine stay refused; all others run at once, until"
            " this conversation ends or /yolo is typed again.",
            yes="Run without asking",
        )
        if not sure:
            return
    reply = await door.command(SetApprovalMode(mode=mode, client="screen"))
    if reply.ok:
        door.state.approval_mode = mode
        door.refresh_all()


async def _permission(door: Door, argument: str) -> None:
    first, _, rest = argument.partition(" ")
    mode = first.casefold()
    if mode == "revoke":
        await _revoke(door, rest.strip())
    elif not mode:
        grants = await door.guard(door.workspace.grants(door.state.session_id)) or []
        lines = [f"Approvals: {door.state.approval_mode} (manual, smart, off)"]
        lines += [
            f"{at}  {grant.pattern or grant.key}  ({grant.scope})"
            for at, grant in enumerate(grants, 1)
        ]
        door.tell("\n".join(lines))
    else:
        chosen = next((item for item in _MODES if item == mode), None)
        if chosen is None:
            door.tell_error(f"There is no mode “{first}”", hint="manual, smart or off")
        else:
            await set_mode(door, chosen)


async def _revoke(door: Door, number: str) -> None:
    grants = await door.guard(door.workspace.grants(door.state.session_id)) or []
    if number.isdecimal() and 1 <= int(number) <= len(grants):
        grant = grants[int(number) - 1]
        reply = await door.command(RevokeGrant(key=grant.key, client="screen"))
        if reply.ok:
            door.tell(f"No longer allowed: {grant.pattern or grant.key}")
    else:
        door.tell_error("/permission revoke N needs a number of the list", hint="/permission")


async def _yolo(door: Door, argument: str) -> None:
    await set_mode(door, "manual" if door.state.approval_mode == "off" else "off")


async def rollback_by_words(door: Door, argument: str) -> None:
    """Go back as the argument of `/rollback` says; without one, to what is picked."""
    session_id = door.state.session_id
    found = await door.guard(door.workspace.checkpoints(session_id)) or []
    if not found:
        door.tell("No snapshots yet; the first is taken before the first change to a file")
        return
    words = argument.split(maxsplit=1)
    if words[:1] == ["diff"]:
        await _show_diff(door, _chosen(found, words[1] if len(words) > 1 else "1"))
        return
    if words:
        chosen = _chosen(found, words[0])
        path = words[1] if len(words) > 1 else None
    else:
        picked = await door.pick(
            "Restore files as before", lambda text: _rows(found, text, door.clocks.wall())
        )
        chosen = next((item for item in found if item.checkpoint_id == picked), None)
        path = None
        if not picked:
            return
    if chosen is None:
        door.tell_error("There is no such snapshot", hint="/rollback lists them")
    else:
        await _restore(door, chosen, path)


def _rows(found: list[CheckpointInfo], text: str, now: float) -> list[Row]:
    rows = [
        Row(
            key=item.checkpoint_id,
            text=item.cause or item.checkpoint_id[:12],
            note=f"{item.file_count} files" if item.file_count else "",
            right=age(max(now - item.created_at, 0)),
        )
        for item in found
    ]
    return matching(rows, text)


def _chosen(found: list[CheckpointInfo], word: str) -> CheckpointInfo | None:
    if word.isdecimal() and 1 <= int(word) <= len(found):
        return found[int(word) - 1]
    same = [item for item in found if item.checkpoint_id.startswith(word)]
    return same[0] if len(same) == 1 else None


async def _show_diff(door: Door, chosen: CheckpointInfo | None) -> None:
    if chosen is None:
        door.tell_error("There is no such snapshot", hint="/rollback lists them")
        return
    session_id = door.state.session_id
    diff = await door.guard(door.workspace.checkpoint_diff(session_id, chosen.checkpoint_id))
    if diff is not None:
        title = f"Restoring “{chosen.cause or chosen.checkpoint_id[:12]}” would change"
        await door.read(title, diff or "nothing", is_diff=True)


async def _restore(door: Door, chosen: CheckpointInfo, path: str | None) -> None:
    what = path or "all files it holds and take the turn back"
    sure = await door.confirm(
        "Restore this snapshot?",
        f"{chosen.cause or chosen.checkpoint_id[:12]}: restores {what}. The present state is"
        " kept in a snapshot of its own first.",
        yes="Restore",
    )
    if sure:
        command = Rollback(checkpoint_id=chosen.checkpoint_id, path=path, client="screen")
        await door.command(command)


COMMANDS = (
    SlashCommand(
        name="permission",
        aliases=("permissions",),
        args="[manual|smart|off]",
        summary="how commands are approved; revoke N",
        group="Safety",
        run=_permission,
    ),
    SlashCommand(name="yolo", summary="approvals off or on again", group="Safety", run=_yolo),
)
