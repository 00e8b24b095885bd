"""clarify: ask the person a question. Touches nothing."""

from __future__ import annotations

from typing import Annotated

import msgspec

from hermes_core.errors import ToolError
from hermes_core.tools.base import Tool, ToolContext, ToolResult

MAX_CHOICES = 4
NO_ANSWER = (
    "The user did not answer. Decide yourself, go on with the most sensible choice, "
    "and say which one you took."
)


class ClarifyArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    question: Annotated[str, msgspec.Meta(description="One clear question.")]
    choices: Annotated[
        list[str] | None, msgspec.Meta(description="Up to 4 answers to choose from.")
    ] = None


class Clarify(Tool[ClarifyArgs]):
    """Waits for the person's answer."""

    name = "clarify"
    toolset = "clarify"
    kind = "ask"
    interactive = True
    has_effects = False
    args_type = ClarifyArgs

    def preview(self, args: ClarifyArgs) -> str:
        """The question."""
        return args.question

    async def run(self, args: ClarifyArgs, ctx: ToolContext) -> ToolResult:
        """Return the answer, or the advice to decide without one.

        Raises:
            ToolError: The question is empty.
        """
        question = args.question.strip()
        if not question:
            raise ToolError("question cannot be empty")
        choices = [choice.strip() for choice in args.choices or () if choice.strip()]
        choices = list(dict.fromkeys(choices))[:MAX_CHOICES]
        answer = await ctx.questions.ask(question, choices=choices)
        answered = answer is not None and bool(answer.strip())
        data = {
            "question": question,
            "choices_offered": choices or None,
            "user_response": answer.strip() if answer and answered else NO_ANSWER,
        }
        return ToolResult(data=data, summary="answered" if answered else "no answer")
