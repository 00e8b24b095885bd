"""`POST /v1/chat/completions`: one turn of the agent, in one piece or as a stream."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol

from msgspec import UNSET, Struct
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from hermes_core.agent.reply import ReplyText
from hermes_core.errors import HermesError, NoModelConfigured, StoreError
from hermes_core.events import CoreEvent, TurnFinished
from hermes_core.ports import SessionHandle
from hermes_core.providers.base import Model
from hermes_core.providers.resolve import Resolution
from hermes_core.servers.api.agent_turn import AgentTurn
from hermes_core.servers.api.chat_request import ChatRequest, parse
from hermes_core.servers.api.connection import EventStream, answer, read_body, refuse, watched
from hermes_core.servers.api.conversations import SOURCE, Conversations, Place
from hermes_core.servers.api.direct_answer import DirectAnswer
from hermes_core.servers.api.translator import ChunkTranslator, Ending, Frame, ending_of
from hermes_core.servers.api.wire import (
    DONE,
    ApiError,
    Choice,
    Completion,
    ReplyMessage,
    json_bytes,
    sse,
    usage_body,
)

SESSION_HEADER = "x-hermes-session-id"
PROGRESS_HEADER = "x-hermes-tool-progress"
MAX_BODY_BYTES = 1_000_000
MAX_IN_FLIGHT = 64
KEEP_ALIVE_S = 30.0
DIRECT = "-direct"
"""Behind the model's name: the model alone, without agent and session."""
NEEDS_KEY = (
    "Session continuation requires API key authentication. "
    "Configure API_SERVER_KEY to enable this feature."
)

_log = logging.getLogger(__name__)


class Sessions(Protocol):
    """The part of the host this door needs."""

    def resolve(self) -> Resolution:
        """Decide who answers without the agent. Raises NoModelConfigured."""
        ...

    def model(self, resolution: Resolution) -> Model:
        """The model itself."""
        ...

    async def open_session(
        self, session_id: str | None = None, *, source: str = ""
    ) -> SessionHandle:
        """Open a conversation; an unknown id begins a new one under it."""
        ...


class Answering(Protocol):
    """What both a turn of the agent and a direct answer are."""

    finish: TurnFinished | None

    def events(self) -> AsyncGenerator[CoreEvent, None]:
        """What happens, to the end."""
        ...

    async def stop(self) -> None:
        """End it now."""
        ...


class ChatOptions(Struct, frozen=True, kw_only=True):
    """How the endpoint behaves."""

    model_name: str = "hermes-agent"
    has_key: bool = False
    """Whether callers had to show a key; without one nobody may name a session."""
    tool_progress: bool = True
    """Whether streams tell about tools; a request may switch it off."""
    max_body_bytes: int = MAX_BODY_BYTES
    max_in_flight: int = MAX_IN_FLIGHT
    keep_alive_s: float = KEEP_ALIVE_S
    clock: Callable[[], float] = time.time


class ChatCompletions:
    """The endpoint, an ASGI application of its own so that a hang-up is seen at once."""

    def __init__(
        self, sessions: Sessions, conversations: Conversations, options: ChatOptions
    ) -> None:
        self._sessions = sessions
        self._conversations = conversations
        self._options = options
        self._in_flight = 0
        self._turns: set[Answering] = set()

    async def interrupt(self) -> None:
        """Stop all turns; their answers end as interrupted."""
        await asyncio.gather(*(turn.stop() for turn in self._turns))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = _Started(send)
        self._in_flight += 1
        try:
            if self._in_flight > self._options.max_in_flight:
                raise ApiError(
                    429,
                    f"Too many requests at once (max {self._options.max_in_flight})",
                    code="rate_limit_exceeded",
                    headers={"retry-after": "1"},
                )
            await self._answer(Headers(scope=scope), receive, started)
        except ApiError as error:
            await refuse(send, error)
        except HermesError as error:
            if started.is_set:
                raise
            _log.warning("a request could not be served: %s", error)
            await refuse(send, _unavailable(error))
        finally:
            self._in_flight -= 1

    async def _answer(self, headers: Headers, receive: Receive, send: _Started) -> None:
        request = parse(await read_body(receive, self._options.max_body_bytes))
        named = headers.get(SESSION_HEADER, "")
        if named and not self._options.has_key:
            raise ApiError(403, NEEDS_KEY, code="session_needs_key")
        progress = self._options.tool_progress and headers.get(PROGRESS_HEADER, "on") != "off"
        if request.model == f"{self._options.model_name}{DIRECT}":
            resolution = self._sessions.resolve()
            direct = DirectAnswer(self._sessions.model(resolution), resolution, request)
            await self._write(_Exchange(direct, request, "", send), receive, progress)
            return
        place: AbstractAsyncContextManager[Place] = (
            self._conversations.named(named) if named else self._conversations.of(request)
        )
        async with place as found:
            handle = await self._sessions.open_session(found.session_id, source=SOURCE)
            try:
                turn = AgentTurn(handle)
                await turn.submit(request.text, system=request.system, is_new=found.is_new)
                exchange = _Exchange(turn, request, found.session_id, send, bool(named))
                await self._write(exchange, receive, progress)
            finally:
                await handle.release()

    async def _write(self, exchange: _Exchange, receive: Receive, tool_progress: bool) -> None:
        """Answer in the form that was asked for, as long as somebody is there."""
        self._turns.add(exchange.turn)
        try:
            async with watched(receive, exchange.turn.stop):
                if exchange.request.stream:
                    await self._stream(exchange, tool_progress=tool_progress)
                else:
                    await self._whole(exchange)
        finally:
            self._turns.discard(exchange.turn)

    async def _whole(self, exchange: _Exchange) -> None:
        turn, reply = exchange.turn, ReplyText()
        async with aclosing(turn.events()) as events:
            async for event in events:
                reply.take(event)
        ending = ending_of(turn.finish)
        headers = exchange.headers
        self._remember(exchange, reply.text)
        if turn.finish is None or (ending.error is not None and not reply.text):
            await refuse(exchange.send, _failure(ending), headers)
            return
        frame = self._frame(exchange.request)
        message = ReplyMessage(content=reply.text)
        body = Completion(
            id=frame.completion_id,
            created=frame.created,
            model=frame.model,
            choices=(Choice(message=message, finish_reason=ending.finish_reason),),
            usage=usage_body(turn.finish.usage),
            error=ending.error or UNSET,
        )
        await answer(exchange.send, 200, json_bytes(body), headers)

    async def _stream(self, exchange: _Exchange, *, tool_progress: bool) -> None:
        turn, request = exchange.turn, exchange.request
        chunks = ChunkTranslator(
            self._frame(request), tool_progress=tool_progress, include_usage=request.include_usage
        )
        stream = EventStream(exchange.send, keep_alive_s=self._options.keep_alive_s)
        async with stream.open(exchange.headers):
            await stream.write(sse(chunks.opening()))
            try:
                async with aclosing(turn.events()) as events:
                    async for event in events:
                        chunk = chunks.chunk(event)
                        if chunk is not None:
                            await stream.write(sse(chunk))
            except HermesError:  # the answer has begun: its last chunk tells of the failure
                _log.exception("the events of session %s broke off", exchange.session_id)
            self._remember(exchange, chunks.text)
            closing = b"".join(sse(chunk) for chunk in chunks.closing(turn.finish))
            await stream.write(closing + DONE, is_last=True)

    def _remember(self, exchange: _Exchange, text: str) -> None:
        """Know the thread by its last words, before the client can come back with them."""
        finish = exchange.turn.finish
        if (
            exchange.session_id
            and not exchange.is_named
            and finish is not None
            and finish.outcome == "completed"
        ):
            self._conversations.ended(exchange.request, exchange.session_id, text)

    def _frame(self, request: ChatRequest) -> Frame:
        return Frame(
            f"chatcmpl-{secrets.token_hex(15)[:29]}",
            int(self._options.clock()),
            request.model or self._options.model_name,
        )


class _Exchange(Struct, frozen=True):
    """One request while it is answered."""

    turn: Answering
    request: ChatRequest
    session_id: str
    """Empty for a direct answer."""
    send: Send
    is_named: bool = False
    """The client named the session."""

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about its session."""
        return {SESSION_HEADER: self.session_id} if self.session_id else {}


class _Started:
    """A `send` that remembers whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send: Callable[..., Awaitable[None]] = send
        self.is_set = False

    async def __call__(self, message: object) -> None:
        self.is_set = True
        await self._send(message)


def _failure(ending: Ending) -> ApiError:
    assert ending.error is not None, "asked for only when the turn failed"
    return ApiError(500, ending.error.message, code=ending.error.code)


def _unavailable(error: HermesError) -> ApiError:
    text = " ".join(part for part in (str(error), error.hint) if part)
    if isinstance(error, NoModelConfigured):
        return ApiError(503, f"no model configured: {text}", code="no_model_configured")
    if isinstance(error, StoreError):
        return ApiError(503, text, code="store_unavailable")
    return ApiError(500, text, code="agent_failed")
