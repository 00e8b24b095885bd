"""Which conversation a request belongs to.

A client that names a session continues it; the store has its history. A client that
sends its whole history gets the session that ends with exactly that history, so that
tool results and files of the thread are still there. Where none does (a first message
said before, an edited reply, a restart) the history is laid into a session of its own:
the client's history always rules, and no other thread is touched.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct, field

from hermes_core.errors import SessionNotFound
from hermes_core.messages import Message, clean_text
from hermes_core.servers.api.chat_request import ChatRequest, Said
from hermes_core.servers.api.translator import SEPARATOR
from hermes_core.servers.api.wire import ApiError
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store

SOURCE = "api_server"
MAX_ENDS = 4_096
"""Threads remembered by their last words; older ones are found by their first."""
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}")


class Place(Struct, frozen=True):
    """The conversation of one request, held for it alone."""

    session_id: str
    is_new: bool
    """Nothing is stored under that id yet."""


class _Hold(Struct):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Conversations:
    """Finds and holds conversations; one request at a time each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holds: dict[str, _Hold] = {}
        self._ends: OrderedDict[bytes, str] = OrderedDict()

    @asynccontextmanager
    async def named(self, session_id: str) -> AsyncIterator[Place]:
        """Wait for the conversation of that id.

        Raises:
            ApiError: It cannot be an id.
        """
        if not _SESSION_ID.fullmatch(session_id):
            raise ApiError(400, "Invalid session ID", code="invalid_session_id")
        async with self._held(session_id):
            yield Place(session_id, not await self._exists(session_id))

    @asynccontextmanager
    async def of(self, request: ChatRequest) -> AsyncIterator[Place]:
        """Find the conversation that ends with the client's history, or make one."""
        known = self._ends.pop(_end(request.history), "") if request.history else ""
        if known:
            async with self._held(known):  # the request before may still be letting go of it
                if await self._can_hold(known, request.history):
                    yield Place(known, False)
                    return
        first = derived_id(request)
        if first not in self._holds:
            async with self._held(first):
                if await self._can_hold(first, request.history):
                    yield Place(first, not request.history)
                    return
        async with self._held(f"{first}-{secrets.token_hex(4)}") as branch:
            await self._lay(branch, request.history)
            yield Place(branch, not request.history)

    def ended(self, request: ChatRequest, session_id: str, reply: str) -> None:
        """Remember what the client will send as history next time."""
        said = (*request.history, Said("user", request.text), Said("assistant", reply))
        self._ends[_end(said)] = session_id
        if len(self._ends) > MAX_ENDS:
            self._ends.popitem(last=False)

    @asynccontextmanager
    async def _held(self, session_id: str) -> AsyncIterator[str]:
        hold = self._holds.setdefault(session_id, _Hold())
        hold.users += 1
        try:
            async with hold.lock:
                yield session_id
        finally:
            hold.users -= 1
            if not hold.users:
                del self._holds[session_id]

    async def _exists(self, session_id: str) -> bool:
        try:
            await self._store.session(session_id)
        except SessionNotFound:
            return False
        return True

    async def _can_hold(self, session_id: str, history: tuple[Said, ...]) -> bool:
        """Whether the id is free for this history, or its conversation is just that."""
        if not await self._exists(session_id):
            await self._lay(session_id, history)
            return True
        if not history:
            return False
        stored = await self._store.messages(session_id, active_only=False)
        return is_same(stored, history)  # the client knows nothing of summaries

    async def _lay(self, session_id: str, history: tuple[Said, ...]) -> None:
        """Store a history that came from a client; nothing to do for the first message."""
        if not history:
            return
        now = time.time()
        await self._store.create_session(SessionRecord(id=session_id, source=SOURCE))
        messages = [
            Message(
                role=said.role,
                content=clean_text(said.text),
                message_id=secrets.token_hex(6),
                timestamp=now,
            )
            for said in history
        ]
        await self._store.commit(session_id, messages=messages)


def derived_id(request: ChatRequest) -> str:
    """Return the id of a thread by how it began.

    `api-` and the first 16 hexadecimal digits of the SHA-256 of system text, line end and
    first user text, as clients of the older program know it.
    """
    first = next((said.text for said in request.history if said.role == "user"), request.text)
    digest = hashlib.sha256(f"{request.system}\n{first}".encode("utf-8", "replace"))
    return f"api-{digest.hexdigest()[:16]}"


def is_same(messages: Sequence[Message], history: Sequence[Said]) -> bool:
    """Whether stored messages are what a client calls its history.

    Of several replies to one message (before and after tools) a client has the last one
    or all of them, as it was answered whole or streamed; a reply that the output limit
    cut in pieces is one text for it.
    """
    turns: list[tuple[str, list[str]]] = []
    for message in messages:
        if message.role == "user":
            turns.append((message.content, []))
        elif message.role == "assistant" and message.content.strip() and turns:
            turns[-1][1].append(message.content)
    expected: list[set[str]] = []
    for text, replies in turns:
        expected.append({f"user {text.strip()}"})
        if replies:
            forms = (replies[-1], SEPARATOR.join(replies), "".join(replies))
            expected.append({f"assistant {form.strip()}" for form in forms})
    if len(expected) != len(history):
        return False
    return all(
        f"{s.role} {s.text.strip()}" in forms for s, forms in zip(history, expected, strict=True)
    )


def _end(history: Sequence[Said]) -> bytes:
    digest = hashlib.sha256()
    for said in history:
        digest.update(f"{said.role}\0{said.text.strip()}\0".encode("utf-8", "replace"))
    return digest.digest()
