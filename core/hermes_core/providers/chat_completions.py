"""The chat-completions wire: OpenAI and everything that speaks like it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from hermes_core.providers.base import ModelRequest, StreamPart
from hermes_core.providers.chat_request import request_body, request_headers
from hermes_core.providers.chat_stream import ChatStream, decode_chunk
from hermes_core.providers.classify import classify_failure
from hermes_core.providers.endpoint import (
    Connected,
    Endpoint,
    ambient_headers,
    trusted_certificates,
)
from hermes_core.providers.failures import read_body
from hermes_core.providers.images import load_images
from hermes_core.providers.sse import ServerEvent

if TYPE_CHECKING:
    from hermes_core.providers.resolve import Resolution

_DONE = b"[DONE]"


class ChatCompletions:
    """A `Model` over `POST <base_url>/chat/completions`."""

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._endpoint = Endpoint(resolution, "/chat/completions", self._connect)

    def _connect(self) -> Connected:
        # Imported on first use: `openai` takes 0.6 s to import (measured).
        from httpx2 import Timeout
        from openai import AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Omit

        resolution = self._resolution
        headers: dict[str, str | Omit] = {}
        if resolution.record.id != "openai":
            # The client would send these from the environment to whatever address.
            foreign = ambient_headers("OPENAI_CUSTOM_HEADERS")
            headers = {name: Omit() for name in foreign}
            headers |= {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        headers["Authorization"] = f"Bearer {resolution.credential.value}"
        if resolution.record.attribution:
            headers["X-OpenRouter-Title"] = "hermes-tui"
        timeouts = resolution.timeouts
        # A redirect would carry the conversation, and some headers, to another host.
        http = DefaultAsyncHttpxClient(
            verify=trusted_certificates(resolution.ca_bundle), follow_redirects=False
        )
        client = AsyncOpenAI(
            api_key=resolution.credential.value,
            base_url=resolution.runtime.base_url,
            max_retries=0,
            http_client=http,
            timeout=Timeout(timeouts.read_s, connect=timeouts.connect_s, pool=timeouts.connect_s),
            default_headers=headers,  # type: ignore[arg-type]  # Omit is meant for this, untyped
        )
        return Connected(client, AsyncStream[object])

    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """Send the request and yield what comes; see `Model.stream`."""
        request = await self._with_model(request)
        body = request_body(request, self._resolution, await load_images(request.messages))
        headers = request_headers(request, self._resolution)
        reply = ChatStream()
        async with aclosing(self._endpoint.events(request, body, headers)) as events:
            async for event in events:
                if event.data == _DONE:
                    await self._endpoint.drain(events)
                    break
                for part in self._parts(reply, event, request):
                    yield part
            else:
                if not reply.is_finished:
                    text = "no finish mark came"
                    raise self._endpoint.error("cut_stream", text, request)
        for part in reply.finish():
            yield part

    def _parts(
        self, reply: ChatStream, event: ServerEvent, request: ModelRequest
    ) -> list[StreamPart]:
        try:
            chunk = decode_chunk(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = f"a chunk cannot be read: {error}"
            raise self._endpoint.error("cut_stream", text, request) from error
        if chunk.error is not None or event.name == "error":
            raise classify_failure(read_body(event.data), self._endpoint.facts(request))
        return list(reply.feed(chunk))

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
        """Return the ids of `GET <base_url>/models`.

        Raises:
            ProviderError: Classified.
        """
        return await self._endpoint.served_models("/models")

    async def aclose(self) -> None:
        """Close the client."""
        await self._endpoint.aclose()
