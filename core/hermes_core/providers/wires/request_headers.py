"""Headers of one request beyond those of the client: what its provider and the settings want."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from hermes_core.providers.base import ModelRequest
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.images import images_of


def request_headers(request: ModelRequest, resolution: Resolution) -> dict[str, str]:
    """Return them; those of the settings replace others of the same name."""
    record = resolution.record
    headers = {name: text.format(product=_product()) for name, text in record.headers.items()}
    if record.session_header and request.session_id:
        headers[record.session_header] = request.session_id
    if record.initiator_header:
        headers[record.initiator_header] = _initiator(request)
    if record.picture_header and any(images_of(one) for one in request.messages):
        headers[record.picture_header] = "true"
    named = {name.lower() for name in resolution.headers}
    kept = {name: value for name, value in headers.items() if name.lower() not in named}
    return {**kept, **resolution.headers}


def _initiator(request: ModelRequest) -> str:
    """Whether a person's message is answered, or the agent goes on by itself."""
    is_answer = request.purpose == "turn" and request.messages[-1:]
    return "user" if is_answer and request.messages[-1].role == "user" else "agent"


@cache
def _product() -> str:
    try:
        return f"hermes-tui/{metadata.version('hermes-tui')}"
    except metadata.PackageNotFoundError:
        return "hermes-tui/0"  # a checkout that was never installed
