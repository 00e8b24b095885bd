"""What the agent asks of the person, in the words of a numbered question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from hermes_core.commands import Answer
from hermes_core.events import ApprovalRequested, ApprovalResolved, QuestionAsked
from hermes_tui.plain.asker import Answered, Asker, Question

VIEW = "view"
_SHORT_CHARS, _SHORT_LINES = 300, 6
_LABELS = {
    "once": "once: allow this one",
    "session": "session: allow it in this conversation",
    "always": "always: allow it from now on",
    "deny": "deny: do not run it",
}
_ACTIONS = {
    "run": "run a command",
    "write": "write a file",
    "send": "send something",
    "spend": "spend money",
}
_CLIENT = "line mode"

Decision = Literal["once", "session", "always", "deny"]


def _is_short(text: str) -> bool:
    return len(text) <= _SHORT_CHARS and text.count("\n") < _SHORT_LINES


def _cut(text: str) -> str:
    """The first lines of a long text."""
    lines = text[:_SHORT_CHARS].split("\n")[:_SHORT_LINES]
    return "\n".join([*lines, "..."])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _payload(request: ApprovalRequested) -> str:
    diff = f"\n{request.diff.unified}" if request.diff is not None else ""
    return request.subject + diff


def approval_question(request: ApprovalRequested, *, now: float, whole: bool = False) -> Question:
    """Put a request for approval into words.

    Args:
        request: What the agent wants to do.
        now: Seconds since the epoch.
        whole: Print a long command or diff to its end.
    """
    payload = _payload(request)
    is_whole = whole or _is_short(payload)
    asker = f"for: {request.asked_by}" if request.asked_by else ""
    place = ", ".join(p for p in (request.tool, request.backend, request.cwd, asker) if p)
    lines = [f"Approval needed: {_ACTIONS[request.action]} ({place})"]
    lines.append(_indented(payload if is_whole else _cut(payload)))
    lines += [f"Why: {item.key}: {item.explanation}" for item in request.findings]
    if "always" in request.options and request.always_pattern:
        lines.append(f"Always would allow: {request.always_pattern}")
    if request.expires_at is not None:
        left = max(0, round(request.expires_at - now))
        lines.append(f"Without an answer it is refused in {left} s.")
    lines.append("Words behind the number are told to the agent as the reason.")
    choices = [(option, _LABELS.get(option, option)) for option in request.options]
    if not is_whole:
        choices.append((VIEW, "view the whole text"))
    return Question(text="\n".join(lines), choices=tuple(choices), topic=request.request_id)


def clarify_question(asked: QuestionAsked) -> Question:
    """Put a question of the agent into words."""
    hidden = asked.kind in ("sudo", "secret")
    lines = [f"Question: {asked.question}"]
    if asked.choices:
        lines.append("A number chooses; any other text is an answer of your own.")
    return Question(
        text="\n".join(lines),
        choices=tuple((choice, choice) for choice in asked.choices),
        takes_text=True,
        takes_empty=hidden,
        is_hidden=hidden,
        topic=asked.request_id,
    )


async def approve(
    asker: Asker, request: ApprovalRequested, *, now: float, wanted: Callable[[], bool]
) -> Answer:
    """Ask for an approval; leaving the question denies."""
    answer: Answered | None = Answered(VIEW)
    whole = False
    while answer is not None and answer.value == VIEW:
        answer = await asker.ask(approval_question(request, now=now, whole=whole), wanted=wanted)
        whole = True
    decision = cast(Decision, answer.value) if answer is not None else "deny"
    reason = answer.words if answer is not None else ""
    return Answer(
        request_id=request.request_id,
        decision=decision,
        reason=reason or ("nobody was there to be asked" if asker.is_alone else ""),
        shown_hash=request.shown_hash,
        client=_CLIENT,
    )


async def clarify(asker: Asker, asked: QuestionAsked, *, wanted: Callable[[], bool]) -> Answer:
    """Ask the agent's question; leaving it, or Enter for a secret, declines."""
    answer = await asker.ask(clarify_question(asked), wanted=wanted)
    value = answer.value if answer is not None else None
    return Answer(
        request_id=asked.request_id,
        value=value or None,
        shown_hash=asked.shown_hash,
        client=_CLIENT,
    )


def resolved_words(event: ApprovalResolved) -> str:
    """Say how a request ended that was answered elsewhere."""
    if event.decision == "timeout":
        return "Nobody answered in time: refused."
    by = f" by {event.by}" if event.by else ""
    return f"Answered elsewhere{by}: {event.decision}."
