"""Questions to the person."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.errors import ToolError
from hermes_core.tools.base import ToolResult
from hermes_core.tools.state.clarify import NO_ANSWER, Clarify, ClarifyArgs
from tests.fakes.tool_context import FakeQuestions, tool_context


async def ask(questions: FakeQuestions, args: ClarifyArgs) -> ToolResult:
    return await Clarify().run(args, tool_context(Path("/"), questions=questions))


async def test_the_answer_comes_back_with_what_was_offered() -> None:
    questions = FakeQuestions(" blue ")
    result = await ask(questions, ClarifyArgs("Which?", ["red", " ", "blue", "red"]))
    assert result.data == {
        "question": "Which?",
        "choices_offered": ["red", "blue"],
        "user_response": "blue",
    }
    assert questions.asked == [("Which?", ("red", "blue"))]


async def test_more_than_four_choices_are_dropped() -> None:
    questions = FakeQuestions("x")
    await ask(questions, ClarifyArgs("Which?", list("abcdef")))
    assert questions.asked[0][1] == ("a", "b", "c", "d")


@pytest.mark.parametrize("answer", [None, "  "])
async def test_silence_tells_the_model_to_decide(answer: str | None) -> None:
    result = await ask(FakeQuestions(answer), ClarifyArgs("Which?"))
    assert result.data["user_response"] == NO_ANSWER
    assert result.data["choices_offered"] is None


async def test_an_empty_question_is_refused() -> None:
    with pytest.raises(ToolError, match="cannot be empty"):
        await ask(FakeQuestions(), ClarifyArgs("  "))


def test_it_needs_a_person_and_runs_alone() -> None:
    assert Clarify.interactive
    assert Clarify.parallel == "never"
