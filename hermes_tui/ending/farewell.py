"""What is printed where the program was started, once it is left."""

from __future__ import annotations

from hermes_tui.launch_state import ExitState
from hermes_tui.session_state import SessionState


def exit_state(
    state: SessionState, seconds: float, *, goodbye: str = "", goes_on: bool = False
) -> ExitState:
    """Gather what is worth keeping of the conversation that was shown last.

    Args:
        state: Of that conversation.
        seconds: How long the program ran.
        goodbye: What the skin says at the end; empty for the usual.
        goes_on: Whether it is still at work, in another process.
    """
    goodbye = goodbye or ExitState().goodbye
    if not state.has_content:
        return ExitState(goodbye=goodbye)
    return ExitState(
        session_id=state.session_id,
        title=state.title,
        goodbye=goodbye,
        seconds=seconds,
        user_messages=state.user_messages,
        replies=state.replies,
        tool_calls=state.tool_calls,
        goes_on=goes_on,
    )


def summary_lines(left: ExitState | None) -> list[str]:
    """Return how to come back and what there is to come back to.

    Only a goodbye if nothing was said.
    """
    left = left or ExitState()
    if not left.session_id:
        return [left.goodbye]
    lines = [f"Resume with: hermes --resume {left.session_id}"]
    if left.goes_on:
        lines = [f"It goes on. Join again with: hermes attach {left.session_id}"]
    elif left.title:
        quoted = left.title.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'         or: hermes -c "{quoted}"')
    lines.append(f"Session:  {left.session_id}")
    if left.title:
        lines.append(f"Title:    {left.title}")
    lines.append(f"Duration: {_long(left.seconds)}")
    calls = f"{left.tool_calls} tool call{'s' * (left.tool_calls != 1)}"
    count = left.user_messages + left.replies
    if count:  # left before all of its past was known, there is nothing to count
        lines.append(f"Messages: {count} ({left.user_messages} user, {calls})")
    return lines


def _long(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    shown = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(shown) or "0s"
