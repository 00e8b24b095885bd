"""How a provider writes the id of a model that people write in several ways. Pure."""

from __future__ import annotations

from hermes_core.providers.records import Record

_VENDORS = {
    "claude": "anthropic",
    "gpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "gemini": "google",
    "gemma": "google",
    "glm": "z-ai",
    "kimi": "moonshotai",
    "grok": "x-ai",
    "llama": "meta-llama",
    "step": "stepfun",
    "mimo": "xiaomi",
    "trinity": "arcee-ai",
    "nemotron": "nvidia",
    "qwen": "qwen",
    "deepseek": "deepseek",
    "minimax": "minimax",
}
"""The vendor an aggregator puts before ids that begin like this."""


def written_model(record: Record, model: str) -> str:
    """Return the id in this provider's spelling, chosen by its `model_names` flag.

    - `vendor`: an aggregator; `claude-…` becomes `anthropic/claude-…`.
    - `own`: a vendor; the provider's own name before a slash goes, another one stays.
    - `openai`: like `own`, and without `openai/` before it.
    - `dashed`: like `own`, and version numbers with dashes instead of dots.
    - `claude_dashed`: dashes for Claude models only.
    - empty: unchanged.
    """
    match record.model_names:
        case "vendor":
            return _with_vendor(model)
        case "own":
            return _without_own(record, model)
        case "openai":
            return _without_own(record, model.removeprefix("openai/"))
        case "dashed":
            return _without_own(record, model).replace(".", "-")
        case "claude_dashed":
            return model.replace(".", "-") if model.startswith("claude") else model
        case _:
            return model


def _with_vendor(model: str) -> str:
    if "/" in model:
        return model
    name = model.lower()
    vendor = next((vendor for start, vendor in _VENDORS.items() if name.startswith(start)), "")
    return f"{vendor}/{model}" if vendor else model


def _without_own(record: Record, model: str) -> str:
    prefix, slash, rest = model.partition("/")
    is_own = slash and rest and prefix.lower() in {record.id, *record.aliases}
    return rest if is_own else model
