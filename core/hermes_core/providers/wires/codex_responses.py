"""The Responses wire: OpenAI, and gateways that pass its newer models on."""

from __future__ import annotations

from typing import Any

from hermes_core.providers.address import host_of
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.wires.client_slot import Connected
from hermes_core.providers.wires.images import Images
from hermes_core.providers.wires.openai_client import connect_openai
from hermes_core.providers.wires.responses_request import request_body
from hermes_core.providers.wires.responses_stream import ResponsesStream
from hermes_core.providers.wires.wire import SdkWire


class CodexResponses(SdkWire):
    """A `Model` over `POST <base_url>/responses`."""

    adapts = True
    path = "/responses"

    def _connect(self) -> Connected:
        return connect_openai(self._resolution)

    def _body(self, request: ModelRequest, images: Images) -> dict[str, Any]:
        return request_body(request, self._resolution, images)

    def _reply(self) -> ResponsesStream:
        return ResponsesStream(host_of(self._resolution.runtime.base_url))
