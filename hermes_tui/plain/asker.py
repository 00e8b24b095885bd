"""Questions as numbered lines, one at a time, answered by a line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from hermes_tui.plain.page import Page
from hermes_tui.plain.typed_lines import TypedLines

_SLIP_CHARS = 3
"""A line no longer than this is a slip of the finger, not a message to keep."""
_ALONE = "Nobody can answer: the input has ended."


class Question(Struct, frozen=True, kw_only=True):
    """What is asked.

    A typed line answers it if it is a number, a key or the first word of one label
    alone; any other text does only where `takes_text`.
    """

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    """Pairs of key and label, numbered from 1."""
    takes_text: bool = False
    takes_empty: bool = False
    """Whether Enter alone is an answer."""
    is_hidden: bool = False
    """Whether what is typed must not be seen."""
    topic: str = ""
    """The request of the agent it is about; empty where the person asked for it."""


class Answered(Struct, frozen=True):
    """A key of the choices or a text, and the words behind a number."""

    value: str
    words: str = ""


class Asker:
    """Asks one question after the other.

    Args:
        page: Where questions are printed.
        lines: Where answers are typed.
        grace_s: How long a fresh question of the agent takes no answer, in seconds:
            whoever typed then did not see it.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        page: Page,
        lines: TypedLines,
        *,
        grace_s: float = 0.3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._page = page
        self._lines = lines
        self._grace_s = grace_s
        self._clock = clock
        self._turn = asyncio.Lock()
        self._question: Question | None = None
        self._answer: asyncio.Future[Answered | None] | None = None
        self._asked_at = 0.0
        self.is_alone = False
        """Whether nobody can answer any more, because the input has ended."""
        self.kept: list[str] = []
        """Messages that were typed where an answer was wanted."""

    @property
    def is_hidden(self) -> bool:
        """Whether what is typed now must not be seen."""
        return self._question is not None and self._question.is_hidden

    @property
    def is_open(self) -> bool:
        """Whether a question waits for its answer."""
        return self._question is not None

    async def ask(
        self, question: Question, *, wanted: Callable[[], bool] | None = None
    ) -> Answered | None:
        """Ask, once the questions before it are answered.

        Args:
            question: What is asked.
            wanted: Whether it still is, when its turn has come.

        Returns:
            The answer; None if the question was left or taken back.
        """
        async with self._turn:
            if wanted is not None and not wanted():
                return None
            if self.is_alone:
                self._page.say(f"{question.text}\n{_ALONE}")
                return None
            self._answer = asyncio.get_running_loop().create_future()
            self._question = question
            labels = [f"  {at} {label}" for at, (_, label) in enumerate(question.choices, 1)]
            self._page.say("\n".join([question.text, *labels]))
            self._asked_at = self._clock()
            self._page.prompt(self._prompt(question))
            try:
                if question.is_hidden:
                    with self._lines.unseen():
                        return await self._answer
                return await self._answer
            finally:
                self._question = self._answer = None

    @staticmethod
    def _prompt(question: Question) -> str:
        count = len(question.choices)
        number = f"1-{count}" if count > 1 else "1" if count else ""
        if question.is_hidden:
            return "Not shown while you type (Enter alone skips): "
        return f"Answer {number}: " if number else "Answer: "

    def take(self, line: str) -> None:
        """Take a typed line as the answer, or keep it until there is one."""
        question = self._question
        assert question is not None, "only while a question is open"
        found = self._read(question, line)
        # Who asked for a list or a question of ours expects it.
        is_fresh = bool(question.topic) and self._clock() - self._asked_at < self._grace_s
        if found is not None and not is_fresh:
            self._settle(found)
            return
        if found is None and len(line.strip()) > _SLIP_CHARS and not question.is_hidden:
            self.kept.append(line)
            self._page.say("That is no answer; it is kept and sent once this is answered.")
        elif found is not None:
            self._page.say("The question had only just come: please answer again.")
        self._page.prompt(self._prompt(question))

    def _read(self, question: Question, line: str) -> Answered | None:
        text = line.strip()
        first, _, words = text.partition(" ")
        if first.isdecimal() and 1 <= int(first) <= len(question.choices):
            return Answered(question.choices[int(first) - 1][0], words.strip())
        keys = [key for key, _ in question.choices if key.casefold() == text.casefold()]
        meant = keys or [key for key, label in question.choices if _begins(label, text)]
        if text and len(meant) == 1:
            return Answered(meant[0])
        if question.takes_text and (text or question.takes_empty):
            return Answered(line if question.is_hidden else text)
        return None

    def remind(self) -> None:
        """Show again that an answer is wanted, if other lines were printed since."""
        if self._question is not None:
            self._page.prompt(self._prompt(self._question))

    def nobody_answers(self) -> None:
        """The input has ended: every question gets its safe answer."""
        self.is_alone = True
        if self.is_open:
            self._page.say(_ALONE)
        self._settle(None)

    def leave(self) -> None:
        """Give the safe answer: none."""
        self._settle(None)

    def take_back(self, topic: str, why: str) -> None:
        """Close a question that needs no answer any more, and say why."""
        if self._question is not None and self._question.topic == topic:
            self._page.say(why)
            self._settle(None)

    def _settle(self, answer: Answered | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


def _begins(label: str, word: str) -> bool:
    """Whether a label has this first word."""
    first = label.split(maxsplit=1)[:1]
    return bool(first) and first[0].strip(":,").casefold() == word.casefold()
