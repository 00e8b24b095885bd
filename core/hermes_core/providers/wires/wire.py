"""What all wire formats do alike: one request, its events, the parts of the reply."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec

from hermes_core.errors import ProviderError
from hermes_core.providers.base import ModelRequest, SentRequest, StreamPart
from hermes_core.providers.facts.facts import ModelFacts
from hermes_core.providers.facts.listings import read_listing
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.providers.failures.classify import RequestFacts, classify_failure
from hermes_core.providers.failures.failures import read_body
from hermes_core.providers.wires.adapting import adapted
from hermes_core.providers.wires.client_slot import Connected
from hermes_core.providers.wires.endpoint import Endpoint
from hermes_core.providers.wires.images import Images, load_images
from hermes_core.providers.wires.request_headers import fixed_headers, request_headers
from hermes_core.providers.wires.sse import ServerEvent

if TYPE_CHECKING:
    from hermes_core.providers.resolve import Resolution


_log = logging.getLogger(__name__)


class ErrorEvent(Exception):
    """The service sent an error instead of the next part of its reply.

    Args:
        body: The error as it came, for `read_body`.
    """

    def __init__(self, body: Any) -> None:
        super().__init__("the service sent an error")
        self.body = body


class ReplyStream(Protocol):
    """Turns the events of one response into parts. One per response."""

    is_done: bool
    """Nothing more follows; the rest of the body is not waited for."""

    @property
    def is_finished(self) -> bool:
        """Whether the finish mark came; a body that ends without it was cut."""
        ...

    def take(self, event: ServerEvent) -> Iterator[StreamPart]:
        """Yield the parts of one event.

        Raises:
            ErrorEvent: The event is an error.
            msgspec.DecodeError: The event cannot be read.
            UnicodeDecodeError: The same.
        """
        ...

    def finish(self) -> Iterator[StreamPart]:
        """Yield the rest once the body has ended: usage and finish mark last."""
        ...


class Transport(Protocol):
    """Carries requests to whatever answers, and its events back."""

    def events(
        self, request: ModelRequest, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[ServerEvent, None]:
        """Send `body` and yield the events of the response as they come.

        Closing the iterator gives the request up.

        Raises:
            ProviderError: Classified.
        """
        ...

    async def drain(self, events: AsyncIterator[ServerEvent]) -> None:
        """The reply is complete; take what is left of the response, if it comes at once."""
        ...

    def facts(self, request: ModelRequest | None = None) -> RequestFacts:
        """What the classification should know about a request."""
        ...

    def error(
        self, reason: str, text: str, request: ModelRequest, *, retryable: bool = True
    ) -> ProviderError:
        """Return an error of the wire itself, in the words of the table."""
        ...

    async def listing(self, path: str, headers: Mapping[str, str]) -> Any:
        """Read a resource, the list of models above all.

        Raises:
            ProviderError: Classified.
        """
        ...

    async def reconnect(self) -> bool:
        """See `Model.reconnect`."""
        ...

    async def aclose(self) -> None:
        """Close what is open. It cannot be used afterwards."""
        ...


class Wire(ABC):
    """A `Model` over one wire format: a subclass says what it sends and how it reads.

    Args:
        resolution: Where and with what.
    """

    models_path: ClassVar[str] = "/models"
    """Path of the list of models."""
    adapts: ClassVar[bool] = False
    """Refused requests may be asked in another way; see `adapting.py`."""
    reads_text_calls: ClassVar[bool] = False
    """Calls are looked for in the text although tools were offered natively."""

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._endpoint = self._transport()

    @abstractmethod
    def _transport(self) -> Transport:
        """Return what carries the requests."""

    @abstractmethod
    def _body(self, request: ModelRequest, images: Images) -> dict[str, Any]:
        """Return the JSON body of the request."""

    @property
    @abstractmethod
    def _url(self) -> str:
        """Where requests go, for people."""

    def _headers(self, request: ModelRequest) -> dict[str, str]:
        """Return headers of this request beyond the client's own."""
        return request_headers(request, self._resolution)

    @abstractmethod
    def _reply(self) -> ReplyStream:
        """Return a reader for one response."""

    async def _tells_tools_in_text(self) -> bool:
        """Whether the model learns of its tools from the text of the prompt."""
        return self._resolution.tool_calls == "text"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """Send the request and yield what comes; see `Model.stream`."""
        request = await self._with_model(request)
        in_text = await self._tells_tools_in_text()
        if not in_text and not (self.reads_text_calls and request.tools):
            async with aclosing(self._stream(request)) as parts:
                async for part in parts:
                    yield part
            return
        # measured: 3 ms of regular expressions that most runs never need
        from hermes_core.providers.text_calls.reading import TextCalls
        from hermes_core.providers.text_calls.writing import as_text

        reading = TextCalls(request.tools)
        async with aclosing(self._stream(as_text(request) if in_text else request)) as parts:
            async for part in parts:
                for found in reading.take(part):
                    yield found

    async def as_sent(self, request: ModelRequest) -> SentRequest:
        """See `Model.as_sent`."""
        if await self._tells_tools_in_text():
            from hermes_core.providers.text_calls.writing import as_text  # as above

            request = as_text(request)
        body = self._body(request, await load_images(request.messages))
        # What the settings add may be a secret of any form.
        headers = self._headers(request) | dict.fromkeys(self._resolution.headers, "(set)")
        return SentRequest(self._url, headers, body)

    @property
    def streams(self) -> bool:
        """See `Model.streams`."""
        return self._resolution.record.streams

    async def _stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        while True:
            has_begun = False
            try:
                async with aclosing(self._once(request)) as parts:
                    async for part in parts:
                        has_begun = True
                        yield part
                return
            except ProviderError as error:
                record = self._resolution.record
                other = adapted(record, error) if self.adapts and not has_begun else None
                if other is None:
                    raise
                _log.info("%s is asked in another way: %s", record.label, error)
                self._resolution = msgspec.structs.replace(self._resolution, record=other)

    async def _once(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        body = self._body(request, await load_images(request.messages))
        reply = self._reply()
        async with aclosing(self._endpoint.events(request, body, self._headers(request))) as events:
            async for event in events:
                for part in self._parts(reply, event, request):
                    yield part
                if reply.is_done:
                    await self._endpoint.drain(events)
                    break
            else:
                if not reply.is_finished:
                    text = "no finish mark came"
                    raise self._endpoint.error("cut_stream", text, request)
        for part in reply.finish():
            yield part

    def _parts(
        self, reply: ReplyStream, event: ServerEvent, request: ModelRequest
    ) -> list[StreamPart]:
        try:
            return list(reply.take(event))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = f"an event cannot be read: {error}"
            raise self._endpoint.error("cut_stream", text, request) from error
        except ErrorEvent as error:
            facts = self._endpoint.facts(request)
            raise classify_failure(read_body(error.body), facts) from error

    async def _with_model(self, request: ModelRequest) -> ModelRequest:
        """Fill in the model of an endpoint that serves exactly one."""
        if request.runtime.model:
            return request
        served = await self.served_models()
        if len(served) != 1:
            offered = ", ".join(served[:10]) or "none"
            text = f"no model is named; offered there: {offered}"
            raise self._endpoint.error("model_not_found", text, request, retryable=False)
        runtime = msgspec.structs.replace(request.runtime, model=served[0])
        return msgspec.structs.replace(request, runtime=runtime)

    async def served_models(self) -> list[str]:
        """Return the ids the endpoint lists.

        Raises:
            ProviderError: Classified.
        """
        return [one.id for one in await self.served_facts()]

    async def check_key(self) -> None:
        """Read what only a valid key can read, where the list of models is open to all.

        Raises:
            ProviderError: Classified; `auth` if the key is refused.
        """
        path = self._resolution.record.key_path
        if path:
            await self._endpoint.listing(path, fixed_headers(self._resolution))

    async def served_facts(self) -> tuple[ModelFacts, ...]:
        """Return what the endpoint says about the models it serves.

        Raises:
            ProviderError: Classified.
        """
        path = self._resolution.record.models_path or self.models_path
        return read_listing(await self._endpoint.listing(path, fixed_headers(self._resolution)))

    async def reconnect(self) -> bool:
        """See `Model.reconnect`."""
        return await self._endpoint.reconnect()

    async def aclose(self) -> None:
        """Close the client."""
        await self._endpoint.aclose()


class SdkWire(Wire):
    """A wire whose requests go through the client of an SDK."""

    _endpoint: Endpoint

    @property
    def rate_limits(self) -> tuple[RateLimit, ...]:
        """What is left of the provider's limits, as its last answer said."""
        return self._endpoint.rate_limits

    path: ClassVar[str]
    """Path of the streaming request, relative to the client's address."""

    @property
    def _url(self) -> str:
        base_url = self._resolution.runtime.base_url
        return (base_url.removesuffix("/v1") if "/v1" in self.path else base_url) + self.path

    def _transport(self) -> Endpoint:
        return Endpoint(self._resolution, self.path, self._connect)

    @abstractmethod
    def _connect(self) -> Connected:
        """Import the SDK and build its client; runs once, in a thread."""
