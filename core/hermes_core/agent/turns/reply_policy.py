"""What follows from a reply of the model: the recovery rules, as data and pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from hermes_core.agent.turns.answer import Answer
from hermes_core.agent.turns.calls import BadCall, ReadyCall, looks_truncated, mend_json
from hermes_core.errors import HermesError
from hermes_core.events import TurnFinished
from hermes_core.messages import Message

MAX_CUTS = 1
MAX_CONTINUATIONS = 3
MAX_BAD_JSON = 2
MAX_SCRATCHPAD = 2
MAX_PREFILLS = 2
MAX_EMPTY = 3
MAX_NUDGES = 2
MAX_ANNOUNCEMENT_CHARS = 1_200
MAX_UNKNOWN = 3

HOUSEKEEPING = {"memory", "todo", "skill_manage", "session_search"}
"""Tools that may follow an answer without making it stale."""

CONTINUE = (
    "[Your reply was cut off. Continue exactly where it stopped, with the very next "
    "character. Do not repeat anything and do not comment on the interruption.]"
)
WRAP_UP = (
    "[You have used all the steps of this turn. Do not call tools any more. Say what you "
    "have done, what you found, and what is still open.]"
)
ACT_NOW = "[You said what you are going to do. Do it now with your tools, or answer.]"
ANSWER_NOW = "[You have thought about it. Now give your answer as text or call a tool.]"
SIBLING_SKIPPED = "Skipped, because another call of this reply named an unknown tool. Retry."

EMPTY = "empty_response_exhausted"
"""Why a turn ends whose model says nothing however often it is asked."""

Action = Literal[
    "finish", "run", "retry", "nudge", "continue_text", "prefill", "use_earlier", "explain", "stop"
]


class Decision(Struct, frozen=True, kw_only=True):
    """What to do, and the words for it."""

    action: Action
    reason: str = ""
    text: str = ""
    error: str | None = None
    hint: str | None = None


class Counts(Struct):
    """How often each recovery was tried in this turn."""

    cuts: int = 0
    continuations: int = 0
    truncated_calls: int = 0
    bad_json: int = 0
    scratchpad: int = 0
    prefills: int = 0
    empty: int = 0
    unknown_tools: int = 0
    nudges: int = 0
    housekeeping_message_id: str | None = None
    """The last text that was followed by nothing but housekeeping."""

    def note_tools(self, calls: Sequence[ReadyCall | BadCall], answer: Answer) -> None:
        """Remember what a round of tools means for later replies."""
        unknown = any(isinstance(call, BadCall) and call.unknown_name for call in calls)
        self.unknown_tools = self.unknown_tools + 1 if unknown else 0
        if not any(mend_json(call.call.arguments) is None for call in calls):
            self.bad_json = 0
        self.truncated_calls = 0
        self.empty = 0
        only_housekeeping = all(call.call.name in HOUSEKEEPING for call in calls)
        if only_housekeeping and answer.text.strip():
            self.housekeeping_message_id = answer.message_id
        elif not only_housekeeping:
            self.housekeeping_message_id = None


def judge_text(answer: Answer, counts: Counts, *, may_nudge: bool = False) -> Decision:
    """Decide about a reply without calls.

    Args:
        answer: The reply.
        counts: What was tried in this turn.
        may_nudge: The model is one that announces work instead of doing it (Responses
            endpoints), it has tools, and none has run in this turn yet.
    """
    if answer.has_unclosed_scratchpad and not answer.text.strip():
        counts.scratchpad += 1
        if counts.scratchpad <= MAX_SCRATCHPAD:
            return Decision(action="retry", reason="incomplete_scratchpad")
        return Decision(
            action="stop",
            reason="incomplete_scratchpad",
            error="The model kept stopping in the middle of its thinking.",
            hint="Try /retry, or another model with /model.",
        )
    if answer.finish_reason == "length":
        return _judge_length(answer, counts)
    if answer.text.strip():
        if may_nudge and counts.nudges < MAX_NUDGES and announces_work(answer.text):
            counts.nudges += 1
            return Decision(action="nudge")
        return Decision(action="finish")
    if counts.housekeeping_message_id is not None:
        return Decision(action="use_earlier")
    if answer.thinking and counts.prefills < MAX_PREFILLS:
        counts.prefills += 1
        return Decision(action="prefill")
    counts.empty += 1
    if counts.empty <= MAX_EMPTY and not answer.thinking:
        return Decision(action="retry", reason="empty")
    return Decision(
        action="stop",
        reason=EMPTY,
        error="The model returned no answer.",
        hint="Use /retry to ask again, or /model to ask another one.",
    )


_ANNOUNCEMENT = re.compile(
    r"(?:^|[.!\n]\s*)(?:ok(?:ay)?[,.]?\s+|sure[,.]?\s+|first[,.]?\s+)?"
    r"(?:I['’]ll|I will|I['’]m going to|I am going to|Let me)\s+(?:first\s+|now\s+|just\s+|also\s+)?"
    r"(?:look|check|read|inspect|search|open|run|explore|examine|review|find|list|start|take)\b",
    re.IGNORECASE,
)


def announces_work(text: str) -> bool:
    """Whether a short reply says what it is about to do and asks nothing."""
    text = text.strip()
    if not text or len(text) > MAX_ANNOUNCEMENT_CHARS or text.endswith("?"):
        return False
    return _ANNOUNCEMENT.search(text) is not None


def _judge_length(answer: Answer, counts: Counts) -> Decision:
    if not answer.text.strip():
        return Decision(
            action="explain",
            reason="length_without_text",
            text=(
                "The model used its whole output limit for thinking and had nothing left for "
                "an answer. Lower the effort with /reasoning low, or raise model.max_tokens."
            ),
            error="The thinking used up the output limit.",
        )
    counts.continuations += 1
    if counts.continuations <= MAX_CONTINUATIONS:
        return Decision(action="continue_text")
    return Decision(
        action="stop",
        reason="truncated",
        error=f"Response remained truncated after {MAX_CONTINUATIONS} continuation attempts",
        hint="Ask it to go on, or raise model.max_tokens.",
    )


def judge_calls(answer: Answer, counts: Counts) -> Decision:
    """Decide about a reply with calls. Truncated arguments are never executed."""
    calls = answer.calls
    if answer.finish_reason == "length" or any(looks_truncated(c.arguments) for c in calls):
        counts.truncated_calls += 1
        if counts.truncated_calls <= 1:
            return Decision(action="retry", reason="length")
        return Decision(
            action="stop",
            reason="truncated_call",
            error="Response truncated due to output length limit",
            hint="Raise model.max_tokens, or ask for smaller steps.",
        )
    if any(mend_json(call.arguments) is None for call in calls):
        counts.bad_json += 1
        if counts.bad_json <= MAX_BAD_JSON:
            return Decision(action="retry", reason="invalid_json")
    return Decision(action="run")


def with_unknown_siblings(calls: list[ReadyCall | BadCall]) -> list[ReadyCall | BadCall]:
    """With an unknown name in a reply its valid siblings are not run either."""
    if not any(isinstance(call, BadCall) and call.unknown_name for call in calls):
        return calls
    return [
        BadCall(call.call, SIBLING_SKIPPED) if isinstance(call, ReadyCall) else call
        for call in calls
    ]


def prefill(answer: Answer) -> tuple[Message, ...]:
    """The thinking of an answerless reply, for the next request alone."""
    return (
        Message(
            role="assistant",
            content=f"(So far I have only thought: {answer.thinking[-2_000:]})",
        ),
        Message(role="user", content=ANSWER_NOW),
    )


def reply_reserve(window_tokens: int) -> int:
    """Tokens kept free for the reply: 4,096, in small windows an eighth."""
    return min(4_096, window_tokens // 8)


def failed(reason: str, error: HermesError) -> TurnFinished:
    """The closing event of a turn that an error ended."""
    return TurnFinished(
        outcome="failed", reason=reason, error=str(error)[:1_500], hint=error.hint[:500]
    )
