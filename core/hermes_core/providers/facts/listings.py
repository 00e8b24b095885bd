"""Lists of models, read into facts. Pure.

Sources: models.dev, "API" (`api.json`); OpenRouter API reference, "List available
models"; the `/models` answers of vLLM (`max_model_len`), llama.cpp (`meta`), LM Studio
(`max_context_length`), OpenAI Codex (`models`) and GitHub Copilot (`capabilities`, `supported_endpoints`). What is not there, or is no sensible number, stays
unknown. A price that depends on the length of the prompt is no price here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from hermes_core.providers.facts.facts import ModelFacts

_WINDOW_KEYS = (
    "context_length",
    "context_window",
    "max_context_length",
    "max_position_embeddings",
    "max_model_len",
    "max_input_tokens",
    "max_sequence_length",
    "max_seq_len",
    "n_ctx",
    "n_ctx_train",
)
_OUTPUT_KEYS = ("max_completion_tokens", "max_output_tokens")
_WIRE_PATHS = {"/responses": "codex_responses", "/v1/messages": "anthropic_messages"}
_LEAST_WINDOW, _LARGEST_WINDOW = 1_024, 10_000_000
_MILLION = Decimal(1_000_000)


class _Limit(msgspec.Struct):
    context: int | None = None
    output: int | None = None


class _Modalities(msgspec.Struct):
    input: list[str] = []


class _PublicModel(msgspec.Struct):
    limit: _Limit = msgspec.field(default_factory=_Limit)
    cost: dict[str, Any] | None = None
    tool_call: bool | None = None
    reasoning: bool | None = None
    modalities: _Modalities | None = None


class _PublicProvider(msgspec.Struct):
    models: dict[str, _PublicModel] = {}


_decode_public = msgspec.json.Decoder(dict[str, _PublicProvider]).decode


def read_models_dev(data: bytes) -> dict[str, tuple[ModelFacts, ...]]:
    """Return the models of each provider of the public catalogue.

    Raises:
        msgspec.DecodeError: It is not the catalogue.
    """
    return {
        provider: tuple(_public(name, model) for name, model in found.models.items())
        for provider, found in _decode_public(data).items()
    }


def _public(name: str, model: _PublicModel) -> ModelFacts:
    cost = model.cost or {}
    is_flat = not any(isinstance(value, dict | list) for value in cost.values())
    prices = {key: _decimal(cost.get(key)) for key in ("input", "output")} if is_flat else {}
    if prices and None not in prices.values():
        prices |= {key: _decimal(cost.get(key)) for key in ("cache_read", "cache_write")}
    else:
        prices = {}
    facts = ModelFacts(
        id=name,
        window=sensible_window(model.limit.context),
        max_output=model.limit.output or None,
        tools=model.tool_call,
        vision="image" in model.modalities.input if model.modalities else None,
        reasoning=model.reasoning,
        source="models_dev",
    )
    return msgspec.structs.replace(facts, **prices)


def read_listing(answer: Any) -> tuple[ModelFacts, ...]:
    """Return the models an endpoint lists in its answer to `GET /models`."""
    entries = answer.get("data") if isinstance(answer, dict) else None
    if entries is None and isinstance(answer, dict) and isinstance(answer.get("models"), list):
        entries = _of_plan(answer["models"])
    return tuple(
        _listed(one)
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    )


def _of_plan(models: list[Any]) -> list[dict[str, Any]]:
    """What stands behind a ChatGPT plan, the best first, without what is hidden."""
    shown = [
        one
        for one in models
        if isinstance(one, dict)
        and isinstance(one.get("slug"), str)
        and one.get("visibility") not in ("hide", "hidden", "none")
    ]
    shown.sort(key=lambda one: one["priority"] if isinstance(one.get("priority"), int) else 1 << 30)
    return [{**one, "id": one["slug"]} for one in shown]


def _listed(entry: Mapping[str, Any]) -> ModelFacts:
    parameters = entry.get("supported_parameters")
    names = parameters if isinstance(parameters, list) else None
    pictures = _mapping(entry, "architecture").get("input_modalities")
    facts = ModelFacts(
        id=entry["id"],
        window=next(_numbers(entry, _WINDOW_KEYS), None),
        max_output=next(_outputs(entry), None),
        tools=None if names is None else "tools" in names,
        reasoning=None if names is None else "reasoning" in names,
        vision="image" in pictures if isinstance(pictures, list) else None,
        wire=_only_wire(entry.get("supported_endpoints")),
        source="provider_models_api",
    )
    if "capabilities" in entry:
        facts = _with_capabilities(facts, _mapping(entry, "capabilities"))
    return msgspec.structs.replace(facts, **_token_prices(_mapping(entry, "pricing")))


def _only_wire(endpoints: Any) -> str:
    """The wire of a model that is served in one alone."""
    if not isinstance(endpoints, list) or "/chat/completions" in endpoints:
        return ""
    served = [wire for path, wire in _WIRE_PATHS.items() if path in endpoints]
    return served[0] if len(served) == 1 else ""


def _with_capabilities(facts: ModelFacts, said: Mapping[str, Any]) -> ModelFacts:
    """What GitHub says: the prompt may have a limit of its own below the window's."""
    limits, supports = _mapping(said, "limits"), _mapping(said, "supports")
    window = sensible_window(limits.get("max_context_window_tokens"))
    prompt = sensible_window(limits.get("max_prompt_tokens"))
    output = limits.get("max_output_tokens")
    output = output if isinstance(output, int) and output > 0 else None
    if prompt is not None:
        whole = prompt + (output or 0)
        window = whole if window is None else min(window, whole)
    tools, vision = supports.get("tool_calls"), supports.get("vision")
    return msgspec.structs.replace(
        facts,
        window=window or facts.window,
        max_output=output or facts.max_output,
        tools=tools if isinstance(tools, bool) else facts.tools,
        vision=vision if isinstance(vision, bool) else facts.vision,
    )


def _mapping(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = entry.get(name)
    return found if isinstance(found, dict) else {}


def _numbers(entry: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[int]:
    """The sensible sizes, the one that is really served first."""
    for place in (_mapping(entry, "top_provider"), entry, _mapping(entry, "meta")):
        for key in keys:
            found = sensible_window(place.get(key))
            if found is not None:
                yield found


def _outputs(entry: Mapping[str, Any]) -> Iterator[int]:
    for place in (_mapping(entry, "top_provider"), entry):
        for key in _OUTPUT_KEYS:
            found = place.get(key)
            if isinstance(found, int) and not isinstance(found, bool) and found > 0:
                yield found


def sensible_window(number: Any) -> int | None:
    """The number if it can be a context size in tokens, else None."""
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number and _LEAST_WINDOW <= number <= _LARGEST_WINDOW else None


def _token_prices(pricing: Mapping[str, Any]) -> dict[str, Decimal]:
    """Prices per token as prices per million; none unless input and output have one."""
    names = {
        "input": "prompt",
        "output": "completion",
        "cache_read": "input_cache_read",
        "cache_write": "input_cache_write",
    }
    found = {ours: _decimal(pricing.get(theirs)) for ours, theirs in names.items()}
    if found["input"] is None or found["output"] is None:
        return {}
    return {ours: price * _MILLION for ours, price in found.items() if price is not None}


def _decimal(value: Any) -> Decimal | None:
    """The price; a negative one means that it depends on something."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return None
    return price if price.is_finite() and price >= 0 else None
