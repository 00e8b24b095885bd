"""Context sizes that local servers tell beside their list of models.

Sources: LM Studio REST API, "List your models"; Ollama API, "List running models" and
"Show model details"; llama.cpp `tools/server/README.md`, `GET /props`. vLLM, SGLang and
newer llama.cpp name the size in the list itself, see `listings.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec

from hermes_core.providers.facts.listings import sensible_window

TIMEOUT_S = 3.0
_MAX_BYTES = 8 * 1024 * 1024
_NUM_CTX = re.compile(r"^\s*num_ctx\s+(\d+)\s*$", re.MULTILINE)

Ask = Callable[[str, dict[str, Any] | None], Awaitable[Any]]
"""Reads a path below the server's root: GET, or POST of an object; None if it fails."""


async def local_window(base_url: str, model: str, *, key: str = "") -> int | None:
    """Ask a server on this machine or its network for the size of one model's context.

    Args:
        base_url: As requests go to it.
        model: Its id there.
        key: Sent along if given; it must belong to this address.

    Returns:
        Tokens, or None if nobody told.
    """
    import httpx2  # comes with the SDKs, which are imported on first use

    root = base_url.removesuffix("/v1")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx2.AsyncClient(
        headers=headers, follow_redirects=False, trust_env=False, timeout=TIMEOUT_S
    ) as client:

        async def ask(path: str, body: dict[str, Any] | None = None) -> Any:
            method = "GET" if body is None else "POST"
            try:
                async with (
                    asyncio.timeout(TIMEOUT_S),
                    client.stream(method, f"{root}{path}", json=body) as response,
                ):
                    if response.status_code != 200:
                        return None
                    whole = bytearray()
                    async for piece in response.aiter_bytes():
                        whole += piece
                        if len(whole) > _MAX_BYTES:
                            return None
                return msgspec.json.decode(bytes(whole))
            except (httpx2.HTTPError, OSError, TimeoutError, msgspec.DecodeError):
                return None  # another kind of server

        for way in (_lm_studio, _ollama, _llama_cpp):
            found = await way(ask, model)
            if found is not None:
                return found
    return None


async def _lm_studio(ask: Ask, model: str) -> int | None:
    answer = await ask("/api/v1/models", None)
    for one in _objects(answer, "models"):
        instances = list(_objects(one, "loaded_instances"))
        if model not in (one.get("key"), *(instance.get("id") for instance in instances)):
            continue
        for instance in instances:
            config = instance.get("config")
            size = config.get("context_length") if isinstance(config, dict) else None
            if sensible_window(size) is not None:
                return sensible_window(size)
        return sensible_window(one.get("max_context_length"))
    return None


async def _ollama(ask: Ask, model: str) -> int | None:
    running = await ask("/api/ps", None)
    for one in _objects(running, "models"):
        if model in (one.get("name"), one.get("model")):
            size = sensible_window(one.get("context_length"))
            if size is not None:
                return size
    shown = await ask("/api/show", {"model": model})
    if not isinstance(shown, dict):
        return None
    written = _NUM_CTX.search(str(shown.get("parameters") or ""))
    if written is not None:
        return sensible_window(int(written.group(1)))
    info = shown.get("model_info")
    sizes = (
        sensible_window(value)
        for name, value in (info.items() if isinstance(info, dict) else ())
        if str(name).endswith(".context_length")
    )
    return next((size for size in sizes if size is not None), None)


async def _llama_cpp(ask: Ask, model: str) -> int | None:
    for path in ("/props", "/v1/props"):
        answer = await ask(path, None)
        settings = answer.get("default_generation_settings") if isinstance(answer, dict) else None
        if isinstance(settings, dict):
            return sensible_window(settings.get("n_ctx"))
    return None


def _objects(answer: Any, name: str) -> Iterator[dict[str, Any]]:
    items = answer.get(name) if isinstance(answer, dict) else None
    yield from (one for one in items if isinstance(one, dict)) if isinstance(items, list) else ()
