"""Which of a turn's words are the reply."""

from __future__ import annotations

from hermes_core.agent.reply import ReplyText
from hermes_core.events import CoreEvent, MessageDelta, MessageFinished, MessageStarted, ToolStarted


def said(number: int, words: str, *, reason: str | None = None) -> list[CoreEvent]:
    message_id = f"m{number}"
    return [
        MessageStarted(message_id=message_id, role="assistant"),
        MessageDelta(message_id=message_id, text=words),
        MessageFinished(
            message_id=message_id,
            role="assistant",
            state="truncated" if reason else "complete",
            reason=reason,
            text=words,
        ),
    ]


def reply(*events: CoreEvent) -> str:
    gathered = ReplyText()
    for event in events:
        gathered.take(event)
    return gathered.text


def test_a_cut_answer_and_its_continuation_are_one_text() -> None:
    assert reply(*said(1, "Half ", reason="connection"), *said(2, "and half.")) == "Half and half."


def test_words_before_a_tool_are_not_the_reply() -> None:
    tool = ToolStarted(call_id="c", name="terminal")
    assert reply(*said(1, "Let me look."), tool, *said(2, "Found.")) == "Found."


def test_an_announcement_that_was_nudged_is_not_the_reply() -> None:
    assert reply(*said(1, "I'll look."), *said(2, "The answer.")) == "The answer."


def test_a_reply_that_was_steered_is_not_the_answer_to_the_new_message() -> None:
    user = MessageStarted(message_id="u", role="user")
    assert reply(*said(1, "I will", reason="steered"), user, *said(2, "Yes.")) == "Yes."
