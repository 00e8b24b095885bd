"""Going back in a conversation: to a message, with or without the files; or branching there."""

from __future__ import annotations

from hermes_core.commands import Branch, Rewind, Rollback
from hermes_tui.matching import matching
from hermes_tui.session_state import SessionState, Snapshot
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.row import Row

_SHOWN = 60


def snapshots_since(state: SessionState, message_id: str) -> list[Snapshot]:
    """The snapshots that hold the files as they were before a message: one a folder."""
    ids = list(state.asked)
    later = set(ids[ids.index(message_id) :]) if message_id in state.asked else set()
    first: dict[str, Snapshot] = {}
    for shot in state.snapshots:
        if shot.after in later:
            first.setdefault(shot.directory, shot)
    return list(first.values())


async def rewind_to(door: Door, message_id: str) -> None:
    """Ask what is to go back to before a message, show what that changes, and do it."""
    state = door.state
    shots = snapshots_since(state, message_id)
    rows = [Row(key="talk", text="The conversation", note="it and all after it are taken back")]
    if shots:
        rows = [
            Row(key="both", text="Conversation and files"),
            *rows,
            Row(key="files", text="The files", note="the conversation stays"),
            Row(key="diff", text="Show what would change in the files"),
        ]
    title = f"Back to before “{state.asked.get(message_id, '')[:_SHOWN]}”"
    picked = await door.pick(title, lambda text: matching(rows, text))
    while picked == "diff":
        await _show_changes(door, shots)
        picked = await door.pick(title, lambda text: matching(rows, text))
    if not picked or not await _is_sure(door, picked):
        return
    if picked != "talk" and not await _restore(door, shots):
        return
    if picked != "files":
        reply = await door.command(Rewind(message_id=message_id, client="screen"))
        if reply.ok:
            door.offer_draft(str(reply.data.get("text") or ""))


async def _is_sure(door: Door, what: str) -> bool:
    told = {
        "talk": "What was said from there on leaves the conversation.",
        "files": "The present state is kept in a snapshot first.",
        "both": "What was said from there on leaves the conversation. The present state of"
        " the files is kept in a snapshot first.",
    }
    return await door.confirm("Go back?", told[what], yes="Go back")


async def _show_changes(door: Door, shots: list[Snapshot]) -> None:
    parts = []
    for shot in shots:
        diff = await door.guard(
            door.workspace.checkpoint_diff(door.state.session_id, shot.checkpoint_id)
        )
        if diff:
            parts.append(diff)
    await door.read("Going back would change", "\n".join(parts) or "nothing", is_diff=True)


async def _restore(door: Door, shots: list[Snapshot]) -> bool:
    for shot in shots:
        command = Rollback(checkpoint_id=shot.checkpoint_id, scope="files", client="screen")
        if not (await door.command(command)).ok:
            return False
    return True


async def branch_before(door: Door, message_id: str = "") -> None:
    """Go on in a conversation of its own with what was said before a message, or with all."""
    reply = await door.command(Branch(before_message_id=message_id, client="screen"))
    new_id = str(reply.data.get("session_id") or "")
    if reply.ok and new_id:
        door.resume(new_id)


async def _rewind(door: Door, argument: str) -> None:
    asked = list(door.state.asked.items())[::-1]
    if not asked:
        door.tell("There is nothing to go back to yet")
        return
    if argument.isdecimal() and 1 <= int(argument) <= len(asked):
        await rewind_to(door, asked[int(argument) - 1][0])
        return
    rows = [
        Row(key=message_id, text=text or "(no text)", right=str(number))
        for number, (message_id, text) in enumerate(asked, 1)
    ]
    picked = await door.pick("Go back to before", lambda text: matching(rows, text))
    if picked:
        await rewind_to(door, picked)


COMMANDS = (
    SlashCommand(
        name="rewind",
        args="[N]",
        summary="go back to an earlier message, files too if wanted",
        group="Turn",
        run=_rewind,
    ),
)
