"""The HTTP API as one ASGI application: routes, errors as JSON, the gate around it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hermes_core.config.safety_settings import ApiServerSettings
from hermes_core.servers.api.chat_completions import (
    DIRECT,
    ChatCompletions,
    ChatOptions,
    Sessions,
)
from hermes_core.servers.api.conversations import Conversations
from hermes_core.servers.api.gate import Gate, GateOptions
from hermes_core.servers.api.wire import ApiError, ModelBody, error_bytes, json_bytes
from hermes_core.storage.store import Store

DEFAULT_NAME = "hermes-agent"
HEALTH = {"status": "ok", "platform": "hermes-agent"}


class ApiParts(Struct, frozen=True, kw_only=True):
    """What the application is built from."""

    sessions: Sessions
    store: Store
    settings: ApiServerSettings
    profile: str = ""
    """Named to clients as the model unless the settings name one."""
    chat: ChatOptions = field(default_factory=ChatOptions)


def model_name(settings: ApiServerSettings, profile: str) -> str:
    """Return the name the agent is known by to clients."""
    named = settings.model_name.strip() or profile
    return named if named not in ("", "default", "custom") else DEFAULT_NAME


class Api(Struct, frozen=True):
    """The application and the one thing that is asked of it from outside."""

    app: ASGIApp
    interrupt: Callable[[], Awaitable[None]]
    """Stops all running turns; their answers end at once."""


def build_application(parts: ApiParts) -> Api:
    """Put the API together."""
    settings = parts.settings
    name = model_name(settings, parts.profile)
    options = replace(parts.chat, model_name=name, has_key=bool(settings.key))
    chat = ChatCompletions(parts.sessions, Conversations(parts.store), options)
    created = int(time.time())
    listed = [ModelBody(id=one, root=one, created=created) for one in (name, name + DIRECT)]

    async def health(request: Request) -> Response:
        return _json(HEALTH)

    async def models(request: Request) -> Response:
        return _json({"object": "list", "data": listed})

    async def one_model(request: Request) -> Response:
        asked = request.path_params["model"]
        for model in listed:
            if model.id == asked:
                return _json(model)
        raise ApiError(404, f"The model {asked[:100]!r} does not exist", code="model_not_found")

    app = Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/models", models),
            Route("/v1/models/{model:path}", one_model),
            Route("/health", health),
            Route("/v1/health", health),
        ],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )
    gate = GateOptions(
        key=settings.key,
        cors_origins=settings.cors_origins,
        max_body_bytes=options.max_body_bytes,
    )
    return Api(Gate(app, gate), chat.interrupt)


def _json(value: object, status: int = 200) -> Response:
    return Response(json_bytes(value), status, media_type="application/json")


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError), "registered for this class"
    return Response(error_bytes(error.body), error.status, error.headers, "application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for this class"
    words = {404: ("Not found", "not_found"), 405: ("Method not allowed", "method_not_allowed")}
    message, code = words.get(error.status_code, (error.detail, None))
    shown = ApiError(
        error.status_code, f"{message}: {request.method} {request.url.path}", code=code
    )
    headers = dict(error.headers or {})
    return Response(error_bytes(shown.body), error.status_code, headers, "application/json")


async def _unexpected(request: Request, error: Exception) -> Response:
    """A bug; the text stays in the log."""
    shown = ApiError(500, "Something went wrong inside hermes.", code="internal_error")
    headers = {"x-should-retry": "false"}
    return Response(error_bytes(shown.body), 500, headers, "application/json")
