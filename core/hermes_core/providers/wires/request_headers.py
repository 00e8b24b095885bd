"""Headers of one request beyond those of the client: what its provider and the settings want."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from hermes_core.providers.base import ModelRequest
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.images import images_of


def fixed_headers(resolution: Resolution) -> dict[str, str]:
    """Return those of every request to the endpoint, its list of models included.

    Headers of the settings replace others of the same name.
    """
    wanted = {n: text.format(product=_product()) for n, text in resolution.record.headers.items()}
    named = {name.lower() for name in resolution.headers}
    kept = {name: value for name, value in wanted.items() if name.lower() not in named}
    return {**kept, **resolution.headers}


def request_headers(request: ModelRequest, resolution: Resolution) -> dict[str, str]:
    """Return those of one request for a reply."""
    record = resolution.record
    headers: dict[str, str] = {}
    if record.session_header and request.session_id:
        headers[record.session_header] = request.session_id
    if record.initiator_header:
        headers[record.initiator_header] = _initiator(request)
    if record.picture_header and any(images_of(one) for one in request.messages):
        headers[record.picture_header] = "true"
    return {**headers, **fixed_headers(resolution)}


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
