"""What of a history stays, what is summarised, what is shortened. Pure.

The result reads: opening messages, summary, the person's latest request (if it is
older than the newest messages), newest messages. A call and its results are never
parted. When that does not fit, less is kept, in four shapes; the latest request
always stays, word for word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Struct

from hermes_core.agent.compaction.limits import Limits
from hermes_core.messages import SHORT_ID, Message, is_summary

OPENING = 3
"""So many first messages stay, if they are small."""
LEAST_TAIL = 3
TAIL_STRETCH = 1.5
"""The tail may grow so far over its budget to take in one more message."""
LEAST_RESULT_CHARS = 400

Measure = Callable[[Message], int]
"""Tokens of one message."""


class Shape(Struct, frozen=True):
    """How much is kept."""

    keep_last: int | None
    """Newest messages; None keeps nothing but the request."""
    has_opening: bool = True
    shortens: bool = False
    """Cut the results of the newest calls."""


class Plan(Struct, frozen=True, kw_only=True):
    """A new history, but for its summary."""

    opening: tuple[Message, ...]
    previous: Message | None
    """The summary of the time before, to be updated."""
    middle: tuple[Message, ...]
    """What the summary is made from; holds the request too if that is `pinned`."""
    pinned: Message | None
    """The latest request, if it is older than the tail."""
    tail: tuple[Message, ...]
    """As it was; `shortened` says what is replaced."""
    shortened: tuple[tuple[str, Message], ...] = ()
    """Old id and the message that stands for it."""
    orphans: tuple[str, ...] = ()
    """Results without their call, which nobody can use."""
    tokens_before: int
    tokens_after: int
    """An upper bound; a summary is counted at its limit."""
    summary_target: int = 0

    @property
    def needs_summary(self) -> bool:
        """Whether anything is left out that the summary must tell."""
        return any(m is not self.pinned for m in self.middle)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Ids that leave the model's history, oldest first."""
        gone = [m.message_id for m in self.middle if m is not self.pinned]
        if self.previous is not None and self.needs_summary:
            gone.insert(0, self.previous.message_id)
        return (*gone, *(old for old, _ in self.shortened), *self.orphans)

    def assemble(self, summary: Message | None) -> list[Message]:
        """Return the new history."""
        replaced = dict(self.shortened)
        told = summary or self.previous
        gone = set(self.orphans)
        parts = [
            *self.opening,
            *([told] if told is not None else []),
            *([self.pinned] if self.pinned is not None else []),
            *(replaced.get(m.message_id, m) for m in self.tail),
        ]
        return [m for m in parts if m.message_id not in gone]


def make_plan(
    messages: Sequence[Message],
    limits: Limits,
    *,
    measure: Measure,
    fixed_tokens: int,
    goal_tokens: int | None = None,
    by_hand: bool = False,
    may_shorten: bool = True,
    new_id: Callable[[], str] = lambda: "",
) -> Plan | None:
    """Decide what to keep.

    Args:
        messages: The active history, oldest first, each with an id.
        limits: See there.
        measure: Tokens of one message.
        fixed_tokens: What prompt, tools and this call's own texts take.
        goal_tokens: The most the request may take afterwards; `limits.goal` if None.
        by_hand: The person asked for it: also summarise what need not be.
        may_shorten: Whether results may be cut when summarising is not enough.
        new_id: Names messages that stand for longer ones.

    Returns:
        None if nothing can be left out, or nothing has to be.
    """
    goal = limits.goal if goal_tokens is None else min(goal_tokens, limits.goal)
    draft = _Draft(messages, limits, measure, fixed_tokens, goal, new_id)
    shapes = [Shape(draft.keep_last)]
    if by_hand or draft.before > goal:
        shapes.append(Shape(LEAST_TAIL))
    if draft.before > goal:
        if may_shorten:
            shapes.append(Shape(LEAST_TAIL, has_opening=False, shortens=True))
        shapes.append(Shape(None, has_opening=False))
    for shape in shapes:
        plan = draft.shaped(shape)
        is_gain = plan is not None and (by_hand or plan.tokens_after < plan.tokens_before)
        if plan is not None and is_gain and plan.tokens_after <= goal:
            return plan
    return None


def latest_request(messages: Sequence[Message]) -> Message | None:
    """The newest message of the person."""
    found = (m for m in reversed(messages) if m.role == "user" and not is_summary(m))
    return next(found, None)


def group_start(messages: Sequence[Message], index: int) -> int:
    """Move a cut back so that no result is parted from its call."""
    while 0 < index < len(messages) and messages[index].role == "tool":
        index -= 1
    return index


def find_orphans(messages: Sequence[Message]) -> Iterator[str]:
    """Ids of results that do not directly follow a call they answer."""
    waiting: set[str | None] = set()
    for message in messages:
        if message.role != "tool":
            waiting = {call.id for call in message.tool_calls}
        elif message.tool_call_id in waiting:
            waiting.discard(message.tool_call_id)
        else:
            yield message.message_id


class _Draft:
    """One history with its sizes, from which shapes are cut."""

    def __init__(
        self,
        messages: Sequence[Message],
        limits: Limits,
        measure: Measure,
        fixed_tokens: int,
        goal: int,
        new_id: Callable[[], str],
    ) -> None:
        self._messages = tuple(messages)
        self._limits = limits
        self._measure = measure
        self._fixed = fixed_tokens
        self._goal = goal
        self._new_id = new_id
        self._sizes = [measure(m) for m in self._messages]
        self.before = fixed_tokens + sum(self._sizes)
        self._summary_at = next(
            (i for i in range(len(messages) - 1, -1, -1) if is_summary(messages[i])), None
        )
        request = latest_request(messages)
        self._request_at = (
            None
            if request is None
            else next(i for i in range(len(messages) - 1, -1, -1) if messages[i] is request)
        )

    @property
    def keep_last(self) -> int:
        """The wanted number of newest messages, fewer if those take over half the window."""
        wanted = self._limits.keep_last
        newest = sum(self._sizes[-wanted:]) if wanted else 0
        return wanted if newest <= self._limits.window // 2 else min(wanted, LEAST_TAIL)

    def shaped(self, shape: Shape) -> Plan | None:
        """Cut the history; None if that would change nothing."""
        start = self._opening_end() if shape.has_opening else 0
        floor = start if self._summary_at is None else max(start, self._summary_at + 1)
        end = self._tail_start(shape.keep_last, floor)
        at = self._request_at
        pinned = self._messages[at] if at is not None and at < end else None
        inner = [i for i in range(start, end) if i != self._summary_at]
        new = [i for i in inner if self._messages[i] is not pinned]
        tail = self._messages[end:]
        target = self._target(sum(self._sizes[i] for i in new)) if new else 0
        kept = self._fixed + sum(self._sizes[:start]) + (self._measure(pinned) if pinned else 0)
        kept += 2 * target if new else self._previous_size()
        shortened = self._shortened(tail, self._goal - kept) if shape.shortens else ()
        if not new and not shortened:
            return None
        opening = self._messages[:start]
        replaced = dict(shortened)
        after = kept + sum(self._measure(replaced.get(m.message_id, m)) for m in tail)
        return Plan(
            opening=opening,
            previous=None if self._summary_at is None else self._messages[self._summary_at],
            middle=tuple(self._messages[i] for i in inner),
            pinned=pinned,
            tail=tail,
            shortened=shortened,
            orphans=tuple(find_orphans((*opening, *tail))),
            tokens_before=self.before,
            tokens_after=after,
            summary_target=target,
        )

    def _target(self, tokens: int) -> int:
        """At its limit the summary takes at most a quarter of what there is room for."""
        return min(self._limits.summary_target(tokens), max(100, self._goal // 8))

    def _previous_size(self) -> int:
        return 0 if self._summary_at is None else self._sizes[self._summary_at]

    def _opening_end(self) -> int:
        """The end of the opening: whole groups, no open request, not too much."""
        messages = self._messages
        bound = min(
            len(messages) if self._summary_at is None else self._summary_at,
            len(messages) if self._request_at is None else self._request_at,
        )
        end = min(OPENING, bound)
        while end < bound and messages[end].role == "tool":
            end += 1
        while end > 0 and messages[end - 1].role == "user":
            end -= 1
        return end if sum(self._sizes[:end]) <= self._limits.head else 0

    def _tail_start(self, keep_last: int | None, floor: int) -> int:
        count = len(self._messages)
        if keep_last is None:
            return count
        budget, taken, start = self._limits.tail, 0, count
        while start > floor:
            size = self._sizes[start - 1]
            is_full = taken >= budget or taken + size > budget * TAIL_STRETCH
            if is_full and count - start >= keep_last:
                break
            start, taken = start - 1, taken + size
        if start <= floor:  # everything would fit the budget: keep the least number
            start = max(floor, count - keep_last)
        return max(floor, group_start(self._messages, start))

    def _shortened(
        self, tail: Sequence[Message], room_tokens: int
    ) -> tuple[tuple[str, Message], ...]:
        """Cut the longest results until the tail fits; what cannot be cut stays."""
        excess = sum(self._measure(m) for m in tail) - room_tokens
        found = []
        results = [m for m in tail if m.role == "tool" and len(m.content) > LEAST_RESULT_CHARS]
        for message in sorted(results, key=lambda m: len(m.content), reverse=True):
            if excess <= 0:
                break
            size = self._measure(message)
            share = max(0.0, 1 - (excess + 40) / size)
            short = shortened(message, int(len(message.content) * share * 0.95), self._new_id())
            excess -= size - self._measure(short)
            found.append((message.message_id, short))
        return tuple(found)


def shortened(message: Message, limit_chars: int, unique: str) -> Message:
    """Return a result cut to about so many characters, with a remark where it was cut."""
    text, limit = message.content, max(LEAST_RESULT_CHARS, limit_chars)
    if len(text) <= limit:
        return message
    head, tail = int(limit * 0.7), int(limit * 0.2)
    remark = (
        f"\n[… {len(text) - head - tail:,} characters were left out to fit the context window; "
        "ask for a smaller part to see them …]\n"
    )
    return msgspec.structs.replace(
        message,
        content=text[:head] + remark + text[len(text) - tail :],
        message_id=f"{SHORT_ID}{unique}_{message.message_id}",
        token_count=None,
    )
