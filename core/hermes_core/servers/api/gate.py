"""What every request passes first: who may ask, from where, and how much."""

from __future__ import annotations

import hmac

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hermes_core.servers.api.binding import is_loopback
from hermes_core.servers.api.chat_completions import MAX_BODY_BYTES
from hermes_core.servers.api.connection import TOO_LARGE, refuse
from hermes_core.servers.api.wire import ApiError

OPEN_PATHS = frozenset({"/health", "/v1/health"})
_SECURITY = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_METHODS = b"GET, POST, DELETE, PATCH, OPTIONS"
_HEADERS = (
    b"Authorization, Content-Type, Idempotency-Key, X-Hermes-Session-Id, X-Hermes-Tool-Progress"
)


class GateOptions(Struct, frozen=True, kw_only=True):
    """The rules of one server."""

    key: str = ""
    """What clients must send; empty lets everybody on this machine in."""
    cors_origins: tuple[str, ...] = ()
    """Sites whose pages may call; `*` for all."""
    max_body_bytes: int = MAX_BODY_BYTES


class Gate:
    """ASGI middleware around the whole application.

    A server without a key is safe only as long as web pages cannot reach it: pages of
    other sites are refused by `Origin`, and names that were bent to this machine by
    `Host`.
    """

    def __init__(self, app: ASGIApp, options: GateOptions) -> None:
        self._app = app
        self._options = options
        self._key = options.key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or refuse it; every answer gets the common headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        allowed = self._allowed(origin)
        extra = list(_SECURITY)
        if origin is not None and allowed:
            extra += _cors(origin, is_any="*" in self._options.cors_origins)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        if not allowed:
            await _empty(with_headers, 403)
        elif scope["method"] == "OPTIONS":
            await _empty(with_headers, 200 if origin is not None else 403)
        else:
            try:
                self._check(scope["path"], headers)
            except ApiError as error:
                await refuse(with_headers, error)
            else:
                await self._app(scope, receive, with_headers)

    def _allowed(self, origin: str | None) -> bool:
        origins = self._options.cors_origins
        return origin is None or "*" in origins or origin in origins

    def _check(self, path: str, headers: Headers) -> None:
        if not self._key and not is_local_name(headers.get("host", "")):
            raise ApiError(403, "This server answers to local names only", code="invalid_host")
        if self._key and path not in OPEN_PATHS and not self._is_key(headers):
            raise ApiError(401, "Invalid API key", code="invalid_api_key")
        length = headers.get("content-length")
        if length is None:
            return
        if not (length.isascii() and length.isdigit()):
            raise ApiError(400, "Invalid Content-Length", code="invalid_content_length")
        if int(length) > self._options.max_body_bytes:
            raise ApiError(413, TOO_LARGE, code="body_too_large")

    def _is_key(self, headers: Headers) -> bool:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        is_same = hmac.compare_digest(shown.strip().encode("latin-1"), self._key)
        return scheme.lower() == "bearer" and is_same


def is_local_name(host: str) -> bool:
    """Whether a `Host` header names this machine's loopback."""
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or is_loopback(name)


def _cors(origin: str, *, is_any: bool) -> list[tuple[bytes, bytes]]:
    shown = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _HEADERS),
        (b"access-control-expose-headers", b"X-Hermes-Session-Id"),
        (b"access-control-max-age", b"600"),
    ]
    if is_any:
        return [*shown, (b"access-control-allow-origin", b"*")]
    return [
        *shown,
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"vary", b"Origin"),
    ]


async def _empty(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
