"""A title for a new conversation, written beside it after the first exchange.

Nobody waits for it and nothing depends on it: what fails leaves no title and no word
but a line in the log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.side.auxiliary import Auxiliary
from hermes_core.agent.stream.journal import Journal
from hermes_core.errors import HermesError, TitleTaken
from hermes_core.events import SessionTitled, TurnFinished
from hermes_core.messages import Message, Runtime, is_summary
from hermes_core.providers.base import ModelRequest
from hermes_core.storage.records import SessionRecord

TASK = "title_generation"
SIDE_CHARS = 500
MAX_CHARS = 80
MAX_TOKENS = 400
"""A title takes about ten; models that think first need the rest."""
FIRST_REQUESTS = 3
"""After so many messages of the person a conversation is not new any more."""

SYSTEM = (
    "You name conversations. Write a title of 3 to 7 words for the exchange you are shown, in its "
    "language, saying what it is about. Output the title alone: no quotes, no full stop."
)
_QUOTES = "\"'`“”„‚‘’«»*#_ "

_log = logging.getLogger(__name__)


class TitleStore(Protocol):
    """The part of the store that keeps titles."""

    async def session(self, session_id: str) -> SessionRecord:
        """The row, with its title."""
        ...

    async def set_title(self, session_id: str, title: str) -> str:
        """Set it; return it as it was set. Raises StoreError."""
        ...

    async def next_title(self, base: str) -> str:
        """The next free one of a line."""
        ...


class Titles:
    """The titling of one session; asks once."""

    def __init__(
        self,
        journal: Journal,
        store: TitleStore,
        auxiliary: Auxiliary,
        conversation: Conversation,
    ) -> None:
        self._journal = journal
        self._store = store
        self._auxiliary = auxiliary
        self._talk = conversation
        self._task: asyncio.Task[None] | None = None

    def after_turn(self, finish: TurnFinished) -> None:
        """A turn has ended; begin if it was the first that brought an answer."""
        if self._task is not None or finish.outcome != "completed":
            return
        exchange = first_exchange(self._talk.messages)
        if exchange is not None:
            self._task = asyncio.create_task(self._name(*exchange), name="title")

    async def aclose(self) -> None:
        """Give up what is not done."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _name(self, asked: str, answered: str) -> None:
        try:
            if await self._has_title():
                return
            reply = await self._auxiliary.ask(
                TASK, lambda runtime, _: title_request(runtime, asked, answered)
            )
            title = clean_title(reply)
            if not title or await self._has_title():
                return
            self._journal.emit(SessionTitled(title=await self._set(title)))
        except HermesError as error:
            _log.info("no title: %s", error)
        except Exception:  # noqa: BLE001  a title must not end anything
            _log.exception("naming the conversation broke")

    async def _has_title(self) -> bool:
        await self._journal.flush()
        return bool((await self._store.session(self._journal.session_id)).title)

    async def _set(self, title: str) -> str:
        session_id = self._journal.session_id
        try:
            return await self._store.set_title(session_id, title)
        except TitleTaken:
            return await self._store.set_title(session_id, await self._store.next_title(title))


def first_exchange(messages: list[Message]) -> tuple[str, str] | None:
    """The first request and the newest answer; None if the conversation is not new."""
    if any(is_summary(m) for m in messages):
        return None
    asked = [m.content for m in messages if m.role == "user"]
    said = [m.content for m in messages if m.role == "assistant" and m.content.strip()]
    if not asked or not said or len(asked) > FIRST_REQUESTS:
        return None
    return asked[0], said[-1]


def title_request(runtime: Runtime, asked: str, answered: str) -> ModelRequest:
    """The request; each side is cut to 500 characters."""
    text = (
        f"<exchange>\nPerson: {asked[:SIDE_CHARS]}\n\nAgent: {answered[:SIDE_CHARS]}\n</exchange>\n\n"
        "Write the title."
    )
    return ModelRequest(
        runtime=runtime,
        system=SYSTEM,
        messages=(Message(role="user", content=text),),
        max_output_tokens=MAX_TOKENS,
        purpose=TASK,
    )


def clean_title(reply: str) -> str:
    """Return the reply's first line as a title of at most 80 characters; may be empty."""
    line = next((line for line in reply.splitlines() if line.strip()), "")
    title = line.strip(_QUOTES)
    if title[:6].lower() == "title:":
        title = title[6:].strip(_QUOTES)
    title = " ".join(title.rstrip(".").split())
    if len(title) > MAX_CHARS:
        title = title[: MAX_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return title
