"""The wire without a network: llama.cpp runs a model file beside us.

Requests and chunks are those of chat completions; what differs is who carries them. A
model whose template has no place for tools is told about them in words, and calls that
a model writes into its text are read out of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from hermes_core.errors import ProviderError
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.facts import ModelFacts
from hermes_core.providers.failures.classify import RequestFacts, named_error
from hermes_core.providers.failures.failures import Failure
from hermes_core.providers.local.gguf import read_model_file
from hermes_core.providers.local.place import LocalPlace
from hermes_core.providers.local.worker_process import WorkerEnded, WorkerProcess
from hermes_core.providers.wires.chat_request import request_body
from hermes_core.providers.wires.chat_stream import ChatStream
from hermes_core.providers.wires.endpoint import request_facts
from hermes_core.providers.wires.images import Images
from hermes_core.providers.wires.sse import ServerEvent
from hermes_core.providers.wires.wire import Transport, Wire

if TYPE_CHECKING:
    from hermes_core.providers.resolve import Resolution


class LocalLlama(Wire):
    """A `Model` over a GGUF file.

    Args:
        resolution: Its `local` names the file.
    """

    reads_text_calls = True

    def __init__(self, resolution: Resolution) -> None:
        assert resolution.local is not None
        self._place: LocalPlace = resolution.local
        super().__init__(resolution)

    def _transport(self) -> Transport:
        return _LocalTransport(self._resolution, self._place)

    async def _tells_tools_in_text(self) -> bool:
        if self._resolution.tool_calls:
            return self._resolution.tool_calls == "text"
        file = await asyncio.to_thread(read_model_file, self._place.path)
        return not file.knows_tools

    def _body(self, request: ModelRequest, images: Images) -> dict[str, Any]:
        # Pictures would need a projector file beside the model.
        body = request_body(request, self._resolution, {})
        return {**body, "return_progress": True}

    @property
    def _url(self) -> str:
        return self._place.path.as_uri()

    def _reply(self) -> ChatStream:
        return ChatStream()

    async def served_facts(self) -> tuple[ModelFacts, ...]:
        """Return what is known of the one file."""
        return (
            ModelFacts(
                id=self._resolution.runtime.model,
                window=self._place.window_tokens,
                source="provider_models_api",
            ),
        )


class _LocalTransport:
    """Carries requests to the process of a model file; see `Transport`."""

    def __init__(self, resolution: Resolution, place: LocalPlace) -> None:
        self._resolution = resolution
        self._worker = WorkerProcess(place)

    async def events(
        self, request: ModelRequest, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[ServerEvent, None]:
        """See `Transport`."""
        deadline = asyncio.get_running_loop().time() + self._resolution.timeouts.whole_s
        async with aclosing(self._worker.chunks(body)) as chunks:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    text = f"no end after {self._resolution.timeouts.whole_s:.0f} s"
                    raise self.error("timeout", text, request) from error
                except WorkerEnded as error:
                    raise self.error("cut_stream", str(error), request) from error
                yield ServerEvent(name="", data=chunk)

    async def drain(self, events: AsyncIterator[ServerEvent]) -> None:
        """See `Transport`; nothing follows a whole reply."""

    def facts(self, request: ModelRequest | None = None) -> RequestFacts:
        """See `Transport`."""
        return request_facts(self._resolution, request)

    def error(
        self, reason: str, text: str, request: ModelRequest, *, retryable: bool = True
    ) -> ProviderError:
        """See `Transport`."""
        return named_error(reason, Failure(text=text), self.facts(request), retryable=retryable)

    async def listing(self, path: str, headers: Mapping[str, str]) -> Any:
        """See `Transport`; a file lists nothing but itself."""
        return {"data": [{"id": self._resolution.runtime.model}]}

    async def reconnect(self) -> bool:
        """See `Transport`; a process that ended is started anew in any case."""
        return False

    async def aclose(self) -> None:
        """See `Transport`."""
        await self._worker.aclose()
