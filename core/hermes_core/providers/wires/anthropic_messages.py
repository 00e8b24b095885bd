"""The messages wire: Anthropic, and endpoints that speak like it."""

from __future__ import annotations

from typing import Any

from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.fast_mode import SPEED_BETA, fast_fields
from hermes_core.providers.wires.client_slot import Connected
from hermes_core.providers.wires.endpoint import ambient_headers, trusted_certificates
from hermes_core.providers.wires.images import Images
from hermes_core.providers.wires.messages_request import request_body
from hermes_core.providers.wires.messages_stream import MessagesStream
from hermes_core.providers.wires.wire import SdkWire

_BETA_HEADER = "anthropic-beta"
_BETAS = "interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"
_LOGIN_BETA = "oauth-2025-04-20"
"""What the vendor's own SDK sends along with the token of a login."""


class AnthropicMessages(SdkWire):
    """A `Model` over `POST <base_url>/v1/messages`."""

    path = "/v1/messages"
    models_path = "/v1/models"

    def _connect(self) -> Connected:
        # Imported on first use: `anthropic` takes 1.7 s to import (measured).
        from anthropic import AsyncAnthropic, AsyncStream, DefaultAsyncHttpxClient, Omit
        from httpx2 import Timeout

        resolution = self._resolution
        login, record = resolution.credential.login, resolution.record
        key = resolution.credential.value or "login"
        headers: dict[str, str | Omit] = {}
        if record.id == "anthropic":
            headers[_BETA_HEADER] = self._betas
        else:
            # The client would send these from the environment to whatever address.
            headers = {name: Omit() for name in ambient_headers("ANTHROPIC_CUSTOM_HEADERS")}
        if login is not None:
            headers |= {"x-api-key": Omit(), "Authorization": f"Bearer {key}"}
        elif record.id == "anthropic" or record.bearer_key:
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

    @property
    def _betas(self) -> str:
        is_login = self._resolution.credential.login is not None
        return f"{_BETAS},{_LOGIN_BETA}" if is_login else _BETAS

    def _headers(self, request: ModelRequest) -> dict[str, str]:
        headers = super()._headers(request)
        record, model = self._resolution.record, request.runtime.model
        if fast_fields(record, model, request.service_tier):
            # The header of a request replaces that of the client: it names all of them.
            name = next((name for name in headers if name.lower() == _BETA_HEADER), _BETA_HEADER)
            headers[name] = f"{headers.get(name, self._betas)},{SPEED_BETA}"
        return headers

    def _body(self, request: ModelRequest, images: Images) -> dict[str, Any]:
        return request_body(request, self._resolution, images)

    def _reply(self) -> MessagesStream:
        return MessagesStream()
