"""A person at a plain terminal whose answers are written beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import click


class ScriptedDialogue:
    """Answers in order; `leave` is Ctrl+C. What was said and asked is kept."""

    def __init__(self, *answers: str | bool) -> None:
        self._answers = list(answers)
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """All that was shown, questions included."""
        return "\n".join(self.lines)

    @property
    def left(self) -> Sequence[str | bool]:
        """Answers nobody asked for."""
        return self._answers

    def say(self, text: str) -> None:
        self.lines.append(text)

    def ask(self, question: str, *, default: str = "") -> str:
        answer = self._next(question)
        assert isinstance(answer, str), question
        return answer or default

    def ask_hidden(self, question: str) -> str:
        return self.ask(question)

    def confirm(self, question: str, *, default: bool) -> bool:
        answer = self._next(question)
        assert isinstance(answer, bool), question
        return answer

    def _next(self, question: str) -> str | bool:
        self.lines.append(question)
        assert self._answers, f"nothing was left to answer {question!r}"
        answer = self._answers.pop(0)
        if answer == "leave":
            raise click.Abort
        return answer
