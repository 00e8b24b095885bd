"""The messages wire: Anthropic, and endpoints that speak like it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from hermes_core.providers.base import ModelRequest, StreamPart
from hermes_core.providers.classify import classify_failure
from hermes_core.providers.endpoint import (
    Connected,
    Endpoint,
    ambient_headers,
    trusted_certificates,
)
from hermes_core.providers.failures import read_body
from hermes_core.providers.images import load_images
from hermes_core.providers.messages_request import request_body
from hermes_core.providers.messages_stream import MessagesStream, decode_event
from hermes_core.providers.sse import ServerEvent

if TYPE_CHECKING:
    from hermes_core.providers.resolve import Resolution

_BETAS = "interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"


class AnthropicMessages:
    """A `Model` over `POST <base_url>/v1/messages`."""

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._endpoint = Endpoint(resolution, "/v1/messages", self._connect)

    def _connect(self) -> Connected:
        # Imported on first use: `anthropic` takes 1.7 s to import (measured).
        from anthropic import AsyncAnthropic, AsyncStream, DefaultAsyncHttpxClient, Omit
        from httpx2 import Timeout

        resolution = self._resolution
        key, record = resolution.credential.value, resolution.record
        headers: dict[str, str | Omit] = {}
        if record.id == "anthropic":
            headers["anthropic-beta"] = _BETAS
        else:
            # The client would send these from the environment to whatever address.
            headers = {name: Omit() for name in ambient_headers("ANTHROPIC_CUSTOM_HEADERS")}
        if record.id == "anthropic" or record.bearer_key:
            headers["Authorization"] = f"Bearer {key}"
        else:
            # Compatible servers follow the wire's older header.
            headers |= {"x-api-key": key, "Authorization": Omit()}
        timeouts = resolution.timeouts
        # A redirect would carry the conversation, and some headers, to another host.
        http = DefaultAsyncHttpxClient(
            verify=trusted_certificates(resolution.ca_bundle), follow_redirects=False
        )
        client = AsyncAnthropic(
            api_key=key,
            base_url=resolution.runtime.base_url.removesuffix("/v1"),
            max_retries=0,
            http_client=http,
            timeout=Timeout(timeouts.read_s, connect=timeouts.connect_s, pool=timeouts.connect_s),
            default_headers=headers,  # type: ignore[arg-type]  # Omit is meant for this, untyped
        )
        return Connected(client, AsyncStream[object])

    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """Send the request and yield what comes; see `Model.stream`."""
        body = request_body(request, self._resolution, await load_images(request.messages))
        reply = MessagesStream()
        async with aclosing(self._endpoint.events(request, body, {})) as events:
            async for event in events:
                for part in self._parts(reply, event, request):
                    yield part
                if reply.is_finished:
                    await self._endpoint.drain(events)
                    break
            else:
                text = "no finish mark came"
                raise self._endpoint.error("cut_stream", text, request)
        for part in reply.finish():
            yield part

    def _parts(
        self, reply: MessagesStream, event: ServerEvent, request: ModelRequest
    ) -> list[StreamPart]:
        try:
            decoded = decode_event(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = f"an event cannot be read: {error}"
            raise self._endpoint.error("cut_stream", text, request) from error
        if decoded.error is not None or decoded.type == "error":
            raise classify_failure(read_body(event.data), self._endpoint.facts(request))
        return list(reply.feed(decoded))

    async def served_models(self) -> list[str]:
        """Return the ids the endpoint lists.

        Raises:
            ProviderError: Classified.
        """
        return await self._endpoint.served_models("/v1/models")

    async def aclose(self) -> None:
        """Close the client."""
        await self._endpoint.aclose()
