"""Any history becomes one that every provider accepts; the stored one stays as it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import Phase, given, settings

from hermes_core.agent.turns.history import (
    EMPTY_REPLY,
    MISSING_RESULT,
    compact_arguments,
    request_history,
)
from hermes_core.messages import Message, ToolCall
from hermes_core.paths import Home
from tests.core.agent.chaos import check_history, histories
from tests.core.agent.rig import rig
from tests.fakes.scripted_provider import ScriptedProvider, calls, text

EXAMPLES = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],  # what is found is looked at, not shrunk
)


def user(content: str = "hello") -> Message:
    return Message(role="user", content=content)


def asks(*ids: str, content: str = "") -> Message:
    wanted = tuple(ToolCall(id=one, name="echo", arguments='{"b": 1, "a": 2}') for one in ids)
    return Message(role="assistant", content=content, tool_calls=wanted)


def result(call_id: str, content: str = "{}") -> Message:
    return Message(role="tool", tool_call_id=call_id, tool_name="echo", content=content)


def roles(messages: Sequence[Message]) -> list[str]:
    return [m.role for m in messages]


@pytest.mark.ac("ac-7-1")
def test_result_without_a_call_is_dropped() -> None:
    sent = request_history([user(), result("ghost"), Message(role="assistant", content="hi")])
    assert roles(sent) == ["user", "assistant"]


@pytest.mark.ac("ac-7-1")
def test_call_without_a_result_gets_one_that_says_so() -> None:
    sent = request_history([user(), asks("a", "b"), result("b", "found"), user("go on")])
    assert roles(sent) == ["user", "assistant", "tool", "tool", "user"]
    assert [m.content for m in sent[2:4]] == [MISSING_RESULT, "found"]


@pytest.mark.ac("ac-7-1")
def test_results_stand_in_the_order_of_their_calls() -> None:
    sent = request_history([user(), asks("a", "b"), result("b", "2"), result("a", "1")])
    assert [(m.tool_call_id, m.content) for m in sent[2:]] == [("a", "1"), ("b", "2")]


@pytest.mark.ac("ac-7-1")
def test_neighbours_of_one_role_become_one_message() -> None:
    sent = request_history([user("a"), user("b"), Message(role="assistant"), user("c")])
    assert [m.content for m in sent] == ["a\n\nb", EMPTY_REPLY, "c"]


@pytest.mark.ac("ac-7-1")
def test_text_that_was_cut_is_joined_without_a_seam() -> None:
    cut = Message(role="assistant", content="Half an ans", finish_reason="cut")
    sent = request_history([user(), cut, Message(role="assistant", content="wer.")])
    assert sent[1].content == "Half an answer."


def test_history_is_not_changed_by_being_sent() -> None:
    history = [user("a\ud800"), user("b"), asks("", "x"), result("ghost")]
    before = list(history)
    request_history(history)
    assert history == before


def test_missing_call_ids_are_the_same_in_every_request() -> None:
    history = [user(), asks("", ""), user("go on")]
    first, second = request_history(history), request_history([*history, asks("later")])
    assert first[1].tool_calls == second[1].tool_calls
    assert len({call.id for call in first[1].tool_calls}) == 2


def test_arguments_are_written_the_same_whatever_their_order() -> None:
    assert compact_arguments('{"b": 1, "a": [2, "ü"]}') == '{"a":[2,"ü"],"b":1}'
    assert compact_arguments("no json") == "no json"


def _check(repair: Callable[[Sequence[Message]], Sequence[Message]]) -> None:
    @EXAMPLES
    @given(histories)
    def property_(history: list[Message]) -> None:
        sent = repair(history)
        check_history(sent)
        assert tuple(repair(sent)) == tuple(sent), "a second pass changes nothing"

    property_()


@pytest.mark.ac("ac-7-1")
def test_every_random_history_becomes_a_valid_one() -> None:
    _check(request_history)


@pytest.mark.ac("ac-7-1")
def test_planted_bug_of_results_left_missing_is_found() -> None:
    def forgetful(history: Sequence[Message]) -> Sequence[Message]:
        return [m for m in request_history(history) if m.content != MISSING_RESULT]

    with pytest.raises(AssertionError):
        _check(forgetful)


@pytest.mark.ac("ac-7-2")
async def test_each_request_begins_with_the_bytes_of_the_one_before(home: Home) -> None:
    provider = ScriptedProvider(
        calls(("echo", {"text": "a"}), ("echo", {"text": "b"}), say="Look."),
        text("done", thinking="hm"),
        text("again"),
    )
    async with rig(home, provider) as r:
        await r.turn("first")
        await r.turn("second")
    bodies = [[json.dumps(str(m)) for m in request.messages] for request in provider.requests]
    for before, after in itertools.pairwise(bodies):
        assert after[: len(before)] == before
