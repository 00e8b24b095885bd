"""The session's side of the ports that tools ask through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.pending import Asker
from hermes_core.agent.stream.journal import Journal
from hermes_core.errors import ToolError
from hermes_core.events import QuestionAsked, TodoChanged
from hermes_core.messages import TodoItem

QUESTION_TIMEOUT_S = 600.0


class SessionTodos:
    """The plan, kept in the conversation and told to everyone."""

    def __init__(self, conversation: Conversation, journal: Journal) -> None:
        self._conversation = conversation
        self._journal = journal

    def items(self) -> tuple[TodoItem, ...]:
        """The plan as it stands."""
        return self._conversation.todos

    async def replace(self, items: Sequence[TodoItem]) -> None:
        """Set the plan and tell everyone."""
        self._conversation.todos = tuple(items)
        self._journal.emit(TodoChanged(items=_fitting(items)))


class SessionQuestions:
    """Questions of one call to whoever is present.

    Args:
        pending: Where open questions live.
        cancel: The running turn's token.
        is_attended: Whether somebody can answer.
        call_id: The call that asks.
        timeout_s: How long to wait for an answer.
    """

    def __init__(
        self,
        pending: Asker,
        *,
        cancel: TurnCancel,
        is_attended: Callable[[], bool],
        call_id: str,
        timeout_s: float = QUESTION_TIMEOUT_S,
    ) -> None:
        self._pending = pending
        self._cancel = cancel
        self._is_attended = is_attended
        self._call_id = call_id
        self._timeout_s = timeout_s

    async def ask(
        self, question: str, *, choices: Sequence[str] = (), secret: bool = False
    ) -> str | None:
        """Return the answer, or None if the person declined or did not answer in time.

        Raises:
            ToolError: Nobody is present.
        """
        self._need_somebody()
        kind: Any = "secret" if secret else "choice" if choices else "text"
        event = QuestionAsked(
            request_id="",
            kind=kind,
            question=question[:2_000],
            choices=tuple(choices),
            call_id=self._call_id,
        )
        return await self._pending.question(event, timeout_s=self._timeout_s, cancel=self._cancel)

    async def password(self, question: str, *, timeout_s: float) -> str | None:
        """Ask for a password that goes to a command alone and is kept nowhere.

        Raises:
            ToolError: Nobody is present.
        """
        self._need_somebody()
        event = QuestionAsked(
            request_id="", kind="sudo", question=question[:2_000], call_id=self._call_id
        )
        return await self._pending.question(event, timeout_s=timeout_s, cancel=self._cancel)

    def _need_somebody(self) -> None:
        if not self._is_attended():
            raise ToolError(
                "No user is present to answer. Decide yourself and say what you assumed.",
                code="nobody_present",
            )


def _fitting(items: Sequence[TodoItem], limit: int = 5_000) -> tuple[TodoItem, ...]:
    """As many items as a stored event holds, each at most 300 characters."""
    fitting: list[TodoItem] = []
    for item in items:
        short = TodoItem(id=item.id[:40], content=item.content[:300], status=item.status)
        limit -= len(short.content.encode()) + 80
        if limit < 0:
            break
        fitting.append(short)
    return tuple(fitting)
