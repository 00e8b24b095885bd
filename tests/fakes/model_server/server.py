"""A model service on a real socket that plays a script and checks what it is asked.

It runs in the event loop of the test, or as a process of its own (`__main__.py`).
HTTP is h11's; each wire module says what its service sends, accepts and refuses.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import h11

from tests.fakes.model_server import chat_completions, messages, responses
from tests.fakes.model_server.request import Recorded, Refused
from tests.fakes.model_server.script import Reply, from_json

_WIRES: dict[str, ModuleType] = {
    "/v1/chat/completions": chat_completions,
    "/v1/messages": messages,
    "/v1/responses": responses,
}
_COMMENT = {chat_completions: b": OPENROUTER PROCESSING\n\n", responses: b": ping\n\n"}
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
"""The messages service keeps a stream alive with events, not comments."""


class ModelServer:
    """Serves a script.

    Args:
        steps: One `Reply` per expected request, in order, whatever the wire.
        api_key: The only key accepted; None accepts any.
        accepts: Says whether a key is accepted, in place of `api_key`.
        models: Ids of `/v1/models`, or whole entries of that list.
        extra_fields: Request fields a compatible server knows beyond the vendor's.
        expect_refusals: False makes `assert_done` fail if a request was refused.
    """

    def __init__(
        self,
        steps: Iterable[Reply] = (),
        *,
        api_key: str | None = None,
        accepts: Callable[[str], bool] | None = None,
        models: Iterable[str | Mapping[str, Any]] = ("scripted-model",),
        extra_fields: Iterable[str] = (),
        expect_refusals: bool = False,
    ) -> None:
        self._steps = list(steps)
        self._accepts = accepts or (lambda key: api_key in (None, key))
        self._models = tuple(models)
        self.extra_fields = set(extra_fields)
        """Request fields known beyond the vendor's; a test may add some."""
        self._expect_refusals = expect_refusals
        self._signatures: set[str] = set()
        self._gates: dict[str, asyncio.Event] = {}
        self._server: asyncio.Server | None = None
        self._scheme = "http"
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[Recorded] = []
        self.listings: list[Recorded] = []
        """What came, refused and surplus requests included, `/models` not."""
        self.problems: list[str] = []
        """What `assert_done` will complain about, besides steps left over."""
        self.refused: list[str] = []
        """Keys that were not accepted, one for each request."""
        self.aborted = 0
        """Answers whose client went away before their end."""
        self.connections = 0
        """Connections accepted so far."""

    # --- life ----------------------------------------------------------------------------

    async def start(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> ModelServer:
        """Listen on the loopback; port 0 picks a free one, a context makes it HTTPS."""
        self._scheme = "https" if tls else "http"
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, limit=2**24, ssl=tls
        )
        return self

    async def aclose(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """The address without a path, as the messages wire wants it."""
        assert self._server is not None, "not started"
        port = self._server.sockets[0].getsockname()[1]
        return f"{self._scheme}://127.0.0.1:{port}"

    @property
    def base_url(self) -> str:
        """The address with `/v1`, as the chat and responses wires want it."""
        return f"{self.url}/v1"

    # --- script --------------------------------------------------------------------------

    def add(self, *steps: Reply) -> None:
        """Append steps."""
        self._steps.extend(steps)

    @property
    def request(self) -> Recorded:
        """The newest request."""
        return self.requests[-1]

    @property
    def remaining(self) -> int:
        """Steps no request has come for."""
        return sum(not step.repeat for step in self._steps)

    def gate(self, name: str) -> asyncio.Event:
        """The event a step waits for by this name."""
        return self._gates.setdefault(name, asyncio.Event())

    def assert_done(self) -> None:
        """Fail on surplus or refused requests, failed checks and steps left over."""
        assert not self.problems, "; ".join(self.problems)
        assert not self.remaining, f"{self.remaining} steps were never asked for"

    # --- connections ---------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        exchange = _Exchange(reader, writer, self.connections)
        task = asyncio.get_running_loop().create_task(self._serve(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, exchange: _Exchange) -> None:
        try:
            while (request := await exchange.receive()) is not None:
                if not await self._answer(exchange, request):
                    return
        except (ConnectionError, h11.RemoteProtocolError):
            self.aborted += 1
        finally:
            exchange.drop()

    async def _answer(self, exchange: _Exchange, request: Recorded) -> bool:
        """Answer one request; False when the connection is to be dropped."""
        answering = asyncio.ensure_future(self._route(exchange, request))
        gone = asyncio.ensure_future(exchange.until_gone())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.aborted += 1
                return False
            return answering.result() and exchange.next_cycle()
        finally:
            for task in (answering, gone):
                task.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)

    async def _route(self, exchange: _Exchange, request: Recorded) -> bool:
        path = request.path.split("?")[0]
        if path.startswith("/_script/"):
            return await exchange.json(200, self._control(path, request))
        wire = _WIRES.get(path, chat_completions)
        try:
            self._authenticate(request)
            if path == "/v1/models" and request.method == "GET":
                self.listings.append(request)
                return await exchange.json(200, self._model_list())
            if path not in _WIRES or request.method != "POST":
                raise Refused(f"Invalid URL ({request.method} {path})", status=404)
            step = self._next_step(wire, request)
        except Refused as refused:
            return await exchange.json(refused.status, wire.error_body(refused))
        return await self._play(exchange, wire, step, request)

    def _authenticate(self, request: Recorded) -> None:
        if not self._accepts(request.key):
            self.refused.append(request.key)
            shown = f"{request.key[:3]}***{request.key[-4:]}"
            raise Refused(
                f"Incorrect API key provided: {shown}.", status=401, code="invalid_api_key"
            )

    def _next_step(self, wire: ModuleType, request: Recorded) -> Reply:
        self.requests.append(request)
        try:
            if wire is chat_completions:
                chat_completions.validate(request, extra=frozenset(self.extra_fields))
            elif wire is messages:
                messages.validate(request, signatures=self._signatures)
            else:
                responses.validate(
                    request, seals=self._signatures, extra=frozenset(self.extra_fields)
                )
        except Refused as refused:
            if not self._expect_refusals:
                self.problems.append(f"refused: {refused}")
            raise
        fitting = (n for n, step in enumerate(self._steps) if step.to.encode() in request.raw)
        index = next(fitting, None)
        if index is None:
            self.problems.append(f"request number {len(self.requests)} was not expected")
            raise Refused("The script has no step for this request.", status=400)
        step = self._steps[index] if self._steps[index].repeat else self._steps.pop(index)
        if step.check is not None:
            try:
                step.check(request)
            except AssertionError as error:
                self.problems.append(f"check of request {len(self.requests)} failed: {error}")
        return step

    async def _play(
        self, exchange: _Exchange, wire: ModuleType, step: Reply, request: Recorded
    ) -> bool:
        if step.before is not None:
            await self._wait(step.before)
        if step.status != 200 or step.body is not None:
            return await exchange.json(step.status, step.body, step.headers)
        if step.reasoning and wire is messages:
            self._signatures.add(messages.signature_of(step))
        elif step.reasoning and wire is responses:
            self._signatures.add(responses.seal_of(step))
        if not request.json.get("stream"):
            return await exchange.json(200, wire.whole(step, request), step.headers)
        await exchange.open(step.headers)
        for _ in range(step.comments):
            await exchange.write(_COMMENT.get(wire, _PING))
        for number, (name, data) in enumerate(_with_faults(step, wire, request)):
            if number in step.gates:
                await exchange.flush()
                await self._wait(step.gates[number])
            if step.cut_after == number:
                await exchange.flush()
                return False
            await exchange.write(_encode(name, data), packet_bytes=step.packet_bytes)
            if step.interval_s:
                await exchange.flush()
                await asyncio.sleep(step.interval_s)
        if step.cut_after is not None:
            return False
        return await exchange.finish()

    async def _wait(self, gate: asyncio.Event | str) -> None:
        await (self.gate(gate) if isinstance(gate, str) else gate).wait()

    def _model_list(self) -> dict[str, Any]:
        common = {"object": "model", "created": 1_700_000_000, "owned_by": "scripted"}
        entries = [
            common | ({"id": model} if isinstance(model, str) else dict(model))
            for model in self._models
        ]
        return {"object": "list", "data": entries}

    def _control(self, path: str, request: Recorded) -> dict[str, Any]:
        if path == "/_script/release":
            self.gate(request.json["name"]).set()
        elif path == "/_script/add":
            self.add(*from_json(request.json["steps"]))
        return {
            "requests": [one.json for one in self.requests],
            "remaining": self.remaining,
            "problems": self.problems,
            "aborted": self.aborted,
        }


def _with_faults(step: Reply, wire: ModuleType, request: Recorded) -> Iterator[tuple[str, Any]]:
    for number, (name, data) in enumerate(wire.events(step, request)):
        if step.malformed_after == number:
            yield name, '{"choices": [{"delta": {"content": "ha'
        if step.error_after is not None and step.error_after[0] == number:
            yield ("" if wire is chat_completions else "error"), step.error_after[1]
            return
        yield name, data


def _encode(name: str, data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {text}\n\n".encode()


class _Exchange:
    """One connection: requests in, answers out."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._number = number
        self._http = h11.Connection(h11.SERVER)
        self._pending = bytearray()
        self._packet_bytes = 0

    async def receive(self) -> Recorded | None:
        """Return the next request, or None when the client is gone."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                return self._recorded(head, bytes(body))
            else:
                return None

    def _recorded(self, head: h11.Request, body: bytes) -> Recorded:
        return Recorded(
            method=head.method.decode(),
            path=head.target.decode(),
            headers={name.decode(): value.decode() for name, value in head.headers},
            json=json.loads(body) if body else {},
            raw=body,
            connection=self._number,
        )

    async def until_gone(self) -> None:
        """Return when the client closes; it sends nothing while it is being answered."""
        await self._reader.read(1)

    def next_cycle(self) -> bool:
        """Make ready for another request on this connection, if both sides agree."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        return False

    async def json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> bool:
        """Answer at once; text goes out as HTML, the rest as JSON."""
        kind = "text/html" if isinstance(body, str) else "application/json"
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        shown = {"content-type": kind, "content-length": str(len(data))} | dict(headers or {})
        self._send(h11.Response(status_code=status, headers=list(shown.items())))
        self._send(h11.Data(data=data))
        return await self.finish()

    async def open(self, headers: Mapping[str, str]) -> None:
        """Begin a streamed answer."""
        shown = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        self._send(h11.Response(status_code=200, headers=list((shown | dict(headers)).items())))
        await self._writer.drain()

    async def write(self, data: bytes, *, packet_bytes: int = 0) -> None:
        """Send one event, or collect until a packet of the given size is full."""
        self._packet_bytes = packet_bytes
        if not packet_bytes:
            self._send(h11.Data(data=data))
            await self._writer.drain()
            return
        self._pending += data
        while len(self._pending) >= packet_bytes:
            await self._packet(packet_bytes)

    async def flush(self) -> None:
        """Send what was collected."""
        if self._pending:
            await self._packet(len(self._pending))

    async def _packet(self, size: int) -> None:
        data = bytes(self._pending[:size])
        del self._pending[:size]
        self._send(h11.Data(data=data))
        await self._writer.drain()
        # Let the client read it before the next one, or the kernel joins them.
        await asyncio.sleep(0)

    async def finish(self) -> bool:
        """End the answer in good order."""
        await self.flush()
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        return True

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)

    def drop(self) -> None:
        """Close at once, in the middle of whatever was being sent."""
        self._writer.close()
