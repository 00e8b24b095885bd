"""Words for people about a failed request: what happened, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.providers.failures.failures import Failure
from hermes_core.providers.logins.oauth_app import log_in_command

if TYPE_CHECKING:
    from hermes_core.providers.failures.classify import (
        RequestFacts,  # types only: it imports this module
    )

_WHAT = {
    "auth": "{who} refused the key",
    "billing": "{who} asks for payment",
    "rate_limit": "{who} limits the rate of requests",
    "overloaded": "{who} is overloaded",
    "server_error": "{who} failed",
    "timeout": "{who} did not answer in time",
    "connection": "{who} cannot be reached at {url}",
    "context_overflow": "The conversation is too long for {model} at {who}",
    "payload_too_large": "The request is too large for {who}",
    "model_not_found": "{who} does not know the model {model}",
    "format_error": "{who} refused the request",
    "thinking_signature": "{who} refused earlier thinking of the model",
    "long_context_tier": "{who} does not offer the long context on this plan",
    "malformed": "{who} answered with something that is not a model's reply",
    "cut_stream": "The connection to {who} was cut before the reply was complete",
    "unknown": "The request to {who} failed",
}

_NEXT = {
    "auth": "Check {key}; `hermes config set NAME VALUE` writes another one.",
    "billing": "Add credit or choose another provider with /model or --model.",
    "rate_limit": "Wait a little, or choose another model with /model or --model.",
    "overloaded": "Try again in a moment, or choose another model with /model or --model.",
    "server_error": "Try again in a moment, or choose another model with /model or --model.",
    "timeout": "Try again; HERMES_STREAM_READ_TIMEOUT sets how long silence is endured.",
    "context_overflow": "Use /compress, or start a new conversation with /new.",
    "payload_too_large": "Use /compress, or remove large attachments.",
    "model_not_found": "Choose a model that is offered there with /model or --model.",
    "format_error": "The endpoint may not support a feature that was used; try another model.",
    "long_context_tier": "Use /compress, or enable extra usage at the provider.",
    "malformed": "Check that model.base_url points to the API (often it ends in /v1).",
    "cut_stream": "Try again.",
}


def describe(reason: str, failure: Failure, facts: RequestFacts) -> str:
    """Return one sentence: what happened, with the service's own words."""
    what = _WHAT[reason].format(
        who=facts.label or facts.provider or "The provider",
        model=facts.model or "asked for",
        url=facts.base_url or "its address",
    )
    details = [f"HTTP {failure.status}"] if failure.status else []
    said = ": " + failure.text if failure.text else "."
    return f"{what}{f' ({details[0]})' if details else ''}{said}"


def hint_for(reason: str, failure: Failure, facts: RequestFacts) -> str:
    """Return the next step for the person, one sentence or two."""
    if reason == "connection":
        return _connection_hint(failure, facts)
    if reason == "auth" and facts.is_login:
        return f"Log in again: {log_in_command(facts.provider)}"
    if reason == "model_not_found" and (failure.is_html or _blames_path(failure)):
        other = "ends in /v1" if not facts.base_url.endswith("/v1") else "is right"
        return (
            f"The path was not found: check that model.base_url ({facts.base_url}) {other},"
            " or set model.api_mode to another wire format."
        )
    if reason == "billing" and facts.console:
        return f"Add credit at {facts.console}, or choose another provider with /model or --model."
    if "location" in failure.headers:
        where = failure.headers["location"]
        return f"The address redirects to {where}: set model.base_url to the address meant."
    if reason == "format_error" and "support tool use" in failure.words:
        return (
            "The routing rules leave no endpoint with tool calling for this model: see"
            f" https://openrouter.ai/{facts.model}."
        )
    return _NEXT.get(reason, "").format(key=facts.key_name or "the key")


def _blames_path(failure: Failure) -> bool:
    return "invalid url" in failure.words or failure.words.strip() in ("not found", "404 not found")


def _connection_hint(failure: Failure, facts: RequestFacts) -> str:
    words = failure.words
    if "certificate" in words or "ssl" in words:
        return "The certificate is not trusted: set HERMES_CA_BUNDLE to your CA bundle."
    if "name or service" in words or "nodename" in words or "gaierror" in failure.kinds:
        return f"The host of {facts.base_url} is not known: check the address and the network."
    if facts.is_local:
        return f"Is the server running at {facts.base_url}?"
    return f"Check the network, a proxy, and the address {facts.base_url}."
