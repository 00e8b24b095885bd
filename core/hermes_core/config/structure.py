"""Mistakes of shape that are common enough for a sentence of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_STRAY = ("base_url", "api_key", "api_mode", "rate_limit_delay")


def structure_mistakes(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield `(path, sentence)` for each mistake in what the user wrote."""
    for name in _STRAY:
        if name in data:
            yield (name,), f"belongs under `model:` (model.{name}) and is not used here"
    yield from _custom_providers(data.get("custom_providers"))
    fallback = data.get("fallback_model")
    if fallback is not None and not isinstance(fallback, dict):
        yield ("fallback_model",), "must be a mapping with `provider` and `model`"
    model = data.get("model")
    if isinstance(model, dict) and "fallback_model" in model:
        yield ("model", "fallback_model"), "belongs at the left margin, not under `model:`"
    if data.get("custom_providers") and not model:
        yield ("custom_providers",), "no `model:` is written, so none of these is used"


def _custom_providers(entries: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(entries, dict):
        yield (
            ("custom_providers",),
            "must be a list (`- name: …`); names as keys go in `providers:`",
        )
    elif isinstance(entries, list):
        for number, entry in enumerate(entries):
            if not isinstance(entry, dict):
                continue
            missing = [name for name in ("name", "base_url") if not entry.get(name)]
            if missing:
                yield ("custom_providers", number), f"an entry needs {' and '.join(missing)}"
