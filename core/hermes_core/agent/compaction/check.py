"""What must hold of a history after it was shortened; looked at before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hermes_core.agent.compaction.plan import find_orphans, latest_request
from hermes_core.agent.turns.history import request_history
from hermes_core.messages import Message, is_summary


def find_problems(before: Sequence[Message], after: Sequence[Message]) -> list[str]:
    """Return what is wrong with the new history, in words for the log; empty if it is sound."""
    return [*_pairs(before, after), *_request(before, after), *_sent(after)]


def _pairs(before: Sequence[Message], after: Sequence[Message]) -> Iterator[str]:
    for message_id in find_orphans(after):
        yield f"result {message_id} has lost its call"
    had = _answered(before)
    has = _answered(after)
    for message in after:
        for call in message.tool_calls:
            if (message.message_id, call.id) in had - has:
                yield f"call {call.id} has lost its result"


def _answered(messages: Sequence[Message]) -> set[tuple[str, str]]:
    """The calls with a result directly behind them, by message and call id."""
    found = set()
    owner: Message | None = None
    for message in messages:
        if message.role != "tool":
            owner = message
        elif owner is not None and any(c.id == message.tool_call_id for c in owner.tool_calls):
            found.add((owner.message_id, message.tool_call_id or ""))
    return found


def _request(before: Sequence[Message], after: Sequence[Message]) -> Iterator[str]:
    wanted, found = latest_request(before), latest_request(after)
    if wanted is None:
        return
    if found is None or found.content != wanted.content or found.message_id != wanted.message_id:
        yield "the latest request is missing or changed"
        return
    summaries = [index for index, message in enumerate(after) if is_summary(message)]
    if summaries and max(summaries) > after.index(found):
        yield "the latest request stands before the summary"
    if before[-1] is wanted and after[-1] is not found:
        yield "the latest request is not the last message any more"


def _sent(after: Sequence[Message]) -> Iterator[str]:
    sent = request_history(after)
    for one, two in pairwise(sent):
        if one.role == two.role and one.role != "tool":
            yield f"two {one.role} messages in a row"
    if sent and sent[0].role != "user":
        yield "the history does not begin with the person"
    request = latest_request(after)
    if request is not None and request.content.strip():
        asked = request.content.strip()
        if not any(m.role == "user" and asked in m.content for m in sent):
            yield "the latest request is not sent"
