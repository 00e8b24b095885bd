"""The OpenAI SDK's client for one endpoint, for both wires it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.providers.wires.client_slot import Connected
from hermes_core.providers.wires.endpoint import ambient_headers, trusted_certificates

if TYPE_CHECKING:
    from hermes_core.providers.resolve import Resolution


def connect_openai(resolution: Resolution) -> Connected:
    """Import the SDK and build a client. Blocks: call it in a thread.

    Raises:
        ConfigError: The CA bundle cannot be used.
    """
    # Imported on first use: `openai` takes 0.6 s to import (measured).
    from httpx2 import Timeout
    from openai import AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Omit

    headers: dict[str, str | Omit] = {}
    if resolution.record.id != "openai":
        # The client would send these from the environment to whatever address.
        foreign = ambient_headers("OPENAI_CUSTOM_HEADERS")
        headers = {name: Omit() for name in foreign}
        headers |= {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    # A login's key travels with each request instead: it changes while the client lives.
    key = resolution.credential.value or "login"
    headers["Authorization"] = f"Bearer {key}"
    if resolution.record.attribution:
        headers["X-OpenRouter-Title"] = "hermes-tui"
    timeouts = resolution.timeouts
    # A redirect would carry the conversation, and some headers, to another host.
    http = DefaultAsyncHttpxClient(
        verify=trusted_certificates(resolution.ca_bundle), follow_redirects=False
    )
    client = AsyncOpenAI(
        api_key=key,
        base_url=resolution.runtime.base_url,
        max_retries=0,
        http_client=http,
        timeout=Timeout(timeouts.read_s, connect=timeouts.connect_s, pool=timeouts.connect_s),
        default_headers=headers,  # type: ignore[arg-type]  # Omit is meant for this, untyped
    )
    return Connected(client, AsyncStream[object])
