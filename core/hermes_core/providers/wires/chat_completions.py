"""The chat-completions wire: OpenAI and everything that speaks like it."""

from __future__ import annotations

from typing import Any

from hermes_core.providers.base import ModelRequest
from hermes_core.providers.wires.chat_request import claude_headers, request_body
from hermes_core.providers.wires.chat_stream import ChatStream
from hermes_core.providers.wires.client_slot import Connected
from hermes_core.providers.wires.images import Images
from hermes_core.providers.wires.openai_client import connect_openai
from hermes_core.providers.wires.wire import SdkWire


class ChatCompletions(SdkWire):
    """A `Model` over `POST <base_url>/chat/completions`."""

    adapts = True
    path = "/chat/completions"

    def _connect(self) -> Connected:
        return connect_openai(self._resolution)

    def _body(self, request: ModelRequest, images: Images) -> dict[str, Any]:
        return request_body(request, self._resolution, images)

    def _headers(self, request: ModelRequest) -> dict[str, str]:
        return super()._headers(request) | claude_headers(request, self._resolution)

    def _reply(self) -> ChatStream:
        return ChatStream()
