"""From settings and keys to the one endpoint that answers.

Order of the provider: the argument (flag or command), `model.provider` (which already
holds an exported `HERMES_INFERENCE_PROVIDER`), `auto`. A provider that was named is
never replaced by another; a key goes to its own provider's address and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from hermes_core.config.model_settings import ProviderEntry, ProviderRouting, ToolCalls
from hermes_core.config.schema import Settings
from hermes_core.errors import ConfigError, NoModelConfigured
from hermes_core.messages import Runtime
from hermes_core.providers.address import (
    clean_base_url,
    host_of,
    is_local,
    speaks_messages,
    speaks_responses,
)
from hermes_core.providers.facts.facts import window_of
from hermes_core.providers.facts.model_names import written_model
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.lookup import (
    Choice,
    KeySource,
    StoredKeys,
    is_usable,
    plain_name,
    usable_keys,
)
from hermes_core.providers.local.place import LocalPlace, is_model_file, place_of
from hermes_core.providers.records import Record, find_record, records
from hermes_core.providers.timeouts import Timeouts

_WIRES = ("chat_completions", "anthropic_messages", "codex_responses")
BY_HAND_HINT = (
    "With a key: `hermes config set OPENROUTER_API_KEY …` (or another provider's key); it goes into .env.\n"
    "With a server of your own: `hermes config set model.provider custom`, then the same for"
    " model.base_url and model.default.\n"
    "To look around without a model: `hermes chat --provider demo`."
)
"""The ways to a model without being asked anything."""
_NO_MODEL_HINT = f"`hermes setup` asks for what is needed, step by step. By hand:\n{BY_HAND_HINT}"


class WindowSource(Protocol):
    """Where fetched context sizes and wires are looked up."""

    def window(self, provider: str, base_url: str, model: str) -> int | None:
        """Return the size in tokens, or None."""
        ...

    def wire(self, provider: str, base_url: str, model: str) -> str:
        """Return the only wire the endpoint says it takes for a model, or an empty word."""
        ...


class Resolution(Struct, frozen=True, kw_only=True):
    """Everything needed to reach a model."""

    runtime: Runtime
    credential: Credential
    record: Record
    keys: tuple[Credential, ...] = ()
    """All keys that may be used, `credential` among them; the first is asked first."""
    address: str = ""
    """The base URL for keys that name none of their own."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Fields the settings add to each request (`options`, `provider`)."""
    cache_ttl: str = "5m"
    max_output_tokens: int | None = None
    """`model.max_tokens`, if set; a request may ask for less."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request because the settings say so."""
    ca_bundle: str = ""
    """File of trusted certificates instead of the system's."""
    rate_limit_delay_s: float = 0.0
    """Least seconds between two requests to this endpoint."""
    tool_calls: ToolCalls = ""
    """How tools are offered; empty leaves it to the wire."""
    local: LocalPlace | None = None
    """Of a model file: where it is and how it runs."""

    @property
    def pool(self) -> str:
        """Names its keys in `auth.json`; endpoints without a name go by their address."""
        provider = self.runtime.provider
        return f"custom:{plain_name(self.address)}" if provider == "custom" else provider


def resolve(
    settings: Settings,
    secrets: KeySource,
    *,
    model: str | None = None,
    provider: str | None = None,
    windows: WindowSource | None = None,
    stored: StoredKeys | None = None,
) -> Resolution:
    """Decide who answers.

    Args:
        settings: The merged settings.
        secrets: Looks keys up by name.
        model: Asked for by flag or command; empty counts as not asked.
        provider: Asked for by flag or command: an id, an alias, or a name of the
            user's own from `providers` or `custom_providers`.
        windows: Knows fetched context sizes; without one the shipped table decides.

    Raises:
        NoModelConfigured: Nothing is set up, or the chosen provider has no key.
        ConfigError: Unknown provider, no or bad address, a wire that does not exist, or
            another model of the demo.
    """
    choice = _choose(settings, secrets, stored, (provider or "").strip(), (model or "").strip())
    if choice.record.id == "demo":
        if model and model.strip() not in ("", "demo"):
            raise ConfigError(
                f"The demo is a built-in script and no {model.strip()!r}.",
                hint="hermes setup brings a real model; PROVIDER:MODEL names one.",
            )
        runtime = Runtime(model="demo", provider="demo", api_mode="demo")
        return Resolution(
            runtime=runtime, credential=Credential("", "built in"), record=choice.record
        )
    if choice.record.id == "local":
        return _resolve_file(choice, settings, (model or "").strip())
    base_url = _base_url(choice, settings, secrets)
    keys = usable_keys(choice, settings, secrets, stored, base_url)
    address, base_url = base_url, _address_of_key(choice.record, keys[0], base_url)
    name = _model(choice, settings, (model or "").strip(), (provider or "").strip())
    written_window = _written_window(choice, settings, name)
    name = written_model(choice.record, name)
    asked_of = (choice.id, base_url, name)
    fetched = windows.window(*asked_of) if windows is not None else None
    told = windows.wire(*asked_of) if windows is not None else ""
    runtime = Runtime(
        model=name,
        provider=choice.id,
        base_url=base_url,
        api_mode=_api_mode(choice, settings, base_url, name, told),
        window_tokens=written_window or fetched or window_of(name),
    )
    return Resolution(
        runtime=runtime,
        credential=keys[0],
        keys=keys,
        address=address,
        record=_record(choice, base_url),
        timeouts=_timeouts(choice, settings, base_url, name),
        extra_body=_extra_body(choice, settings, base_url),
        cache_ttl=settings.prompt_caching.cache_ttl,
        max_output_tokens=settings.model.max_tokens,
        headers=dict(choice.entry.headers) if choice.entry is not None else {},
        ca_bundle=(choice.entry and choice.entry.ca_bundle) or settings.requests.ca_bundle,
        rate_limit_delay_s=choice.entry.rate_limit_delay if choice.entry is not None else 0.0,
        tool_calls=_tool_calls(choice, settings),
    )


def _resolve_file(choice: Choice, settings: Settings, asked: str) -> Resolution:
    """A model file: no address, no key, a window that costs memory."""
    written = settings.model.default.strip() if choice.is_configured else ""
    name = asked or written
    place = place_of(
        name, window=_written_window(choice, settings, name), threads=settings.model.threads
    )
    whole = settings.requests.timeout
    return Resolution(
        runtime=Runtime(
            model=str(place.path),
            provider="local",
            api_mode="local",
            window_tokens=place.window_tokens,
        ),
        credential=Credential("", "none"),
        record=choice.record,
        timeouts=Timeouts(
            whole_s=whole, read_s=whole, stale_s=settings.requests.stream_stale_timeout
        ),
        max_output_tokens=settings.model.max_tokens,
        tool_calls=_tool_calls(choice, settings),
        local=place,
    )


# --- the provider --------------------------------------------------------------------


def _choose(
    settings: Settings, secrets: KeySource, stored: StoredKeys | None, asked: str, model: str
) -> Choice:
    configured = settings.model.provider.strip() or "auto"
    requested = asked or configured
    if requested.lower() == "auto":
        if is_model_file(model or settings.model.default) and not settings.model.base_url:
            return Choice(records()["local"], "local", is_configured=not model)
        return _choose_automatically(settings, secrets, stored)
    choice = _named(settings, requested)
    if configured.lower() == "auto":
        is_configured = choice.record.id == "custom" and choice.entry is None
    else:
        is_configured = _named(settings, configured).id == choice.id
    return Choice(choice.record, choice.id, choice.entry, is_configured)


def _named(settings: Settings, name: str) -> Choice:
    wanted = plain_name(name.removeprefix("custom:"))
    record = None if name.startswith("custom:") else find_record(name)
    if record is not None:
        changes = next(
            (entry for key, entry in settings.providers.items() if find_record(key) is record), None
        )
        return Choice(record, record.id, changes if record.id != "custom" else None)
    for key, entry in _own_entries(settings):
        if wanted and wanted in {plain_name(key), plain_name(entry.name)}:
            return Choice(records()["custom"], f"custom:{plain_name(key or entry.name)}", entry)
    raise ConfigError(
        f"Unknown provider {name!r}.",
        hint=f"Known: {', '.join(records())}, or a name from `providers` in config.yaml.",
    )


def _own_entries(settings: Settings) -> Iterator[tuple[str, ProviderEntry]]:
    yield from settings.providers.items()
    for entry in settings.custom_providers:
        yield entry.name, entry


def _choose_automatically(
    settings: Settings, secrets: KeySource, stored: StoredKeys | None
) -> Choice:
    if settings.model.base_url.strip():
        host = host_of(settings.model.base_url)
        known = (
            one for one in records().values() if one.base_url and host_of(one.base_url) == host
        )
        record = next(known, records()["custom"])
        return Choice(record, record.id, is_configured=True)
    if is_usable(settings.model.api_key):
        return Choice(records()["openrouter"], "openrouter", is_configured=True)
    active = records().get(stored.active()) if stored is not None else None
    if active is not None and stored is not None and stored.keys(active.id):
        return Choice(active, active.id, _named(settings, active.id).entry)
    for record in records().values():
        names = () if record.other_key_env else record.key_env
        has_key = any(is_usable(secrets.get(name)) for name in names)
        if has_key or (stored is not None and stored.keys(record.id)):
            return Choice(record, record.id, _named(settings, record.id).entry)
    raise NoModelConfigured("No model is configured.", hint=_NO_MODEL_HINT)


def with_key(resolution: Resolution, key: Credential) -> Resolution:
    """The same endpoint with another key, at the address this key belongs to."""
    base_url = _address_of_key(resolution.record, key, resolution.address)
    runtime = msgspec.structs.replace(resolution.runtime, base_url=base_url)
    return replace(resolution, credential=key, runtime=runtime)


# --- address, wire, model, window ----------------------------------------------------


def _base_url(choice: Choice, settings: Settings, secrets: KeySource) -> str:
    record = choice.record
    found = choice.entry.base_url if choice.entry is not None else ""
    if not found and choice.is_configured:
        found = settings.model.base_url
    if not found and record.base_url_env:
        found = secrets.get(record.base_url_env) or ""
    found = found.strip() or record.base_url
    if not found:
        where = "model.base_url" if choice.entry is None else f"providers.{choice.id[7:]}.base_url"
        raise ConfigError(
            f"The provider {choice.id} has no address.",
            hint=f"Set {where}, e.g. `hermes config set {where} http://127.0.0.1:8080/v1`.",
        )
    return clean_base_url(found)


def _address_of_key(record: Record, credential: Credential, base_url: str) -> str:
    """The address this key or keys like it belong to, unless another one was set."""
    if credential.base_url:
        return clean_base_url(credential.base_url)
    if base_url == record.base_url:
        for one in record.key_addresses:
            if credential.value.startswith(one.prefix):
                return one.base_url
    return base_url


def _record(choice: Choice, base_url: str) -> Record:
    if choice.record.id == "custom" and not is_local(base_url):
        # Local servers ignore fields they do not know; strict services refuse them.
        return msgspec.structs.replace(choice.record, reasoning_replay="")
    return choice.record


def _api_mode(choice: Choice, settings: Settings, base_url: str, model: str, told: str = "") -> str:
    explicit = choice.entry.api_mode if choice.entry is not None else ""
    if not explicit and choice.is_configured:
        explicit = settings.model.api_mode
    if explicit and explicit not in _WIRES:
        raise ConfigError(
            f"The wire format {explicit} is not available.",
            hint=f"Use {', '.join(_WIRES)} as api_mode.",
        )
    if explicit or told:
        return explicit or told
    record = choice.record
    special = (one.api_mode for one in record.model_modes if model.startswith(one.prefix))
    mode = next(special, record.api_mode)
    if mode != "chat_completions":
        return mode
    if speaks_messages(base_url):
        return "anthropic_messages"
    return "codex_responses" if speaks_responses(base_url) else mode


def _model(choice: Choice, settings: Settings, asked: str, asked_provider: str) -> str:
    if asked:
        return asked
    if choice.is_configured and settings.model.default.strip():
        return settings.model.default.strip()  # chosen for this very provider
    if choice.entry is not None and choice.entry.model:
        return choice.entry.model
    is_other = asked_provider and not choice.is_configured and settings.model.provider != "auto"
    configured = "" if is_other else settings.model.default.strip()
    found = configured or choice.record.default_model
    if not found and not choice.record.key_optional:
        raise NoModelConfigured(
            f"No model is named for {choice.record.label}.",
            hint="Name one with --model, `hermes model` or `hermes config set model.default`.",
        )
    return found


def _written_window(choice: Choice, settings: Settings, model: str) -> int | None:
    entry = choice.entry
    if entry is not None:
        facts = _facts_of_entry(entry, model)
        if isinstance(facts.get("context_length"), int):
            return int(facts["context_length"])
        if entry.context_length:
            return entry.context_length
    if model in ("", settings.model.default.strip()):
        return settings.model.context_length
    return None


def _tool_calls(choice: Choice, settings: Settings) -> ToolCalls:
    if choice.entry is not None and choice.entry.tool_calls:
        return choice.entry.tool_calls
    return settings.model.tool_calls if choice.is_configured else ""


def _timeouts(choice: Choice, settings: Settings, base_url: str, model: str) -> Timeouts:
    """What is written for the model counts before what is for its provider, then for all."""
    requests, entry = settings.requests, choice.entry
    facts = _facts_of_entry(entry, model)
    whole = (
        _seconds(facts, "request_timeout_seconds")
        or (entry and entry.request_timeout_seconds)
        or requests.timeout
    )
    stale = (
        _seconds(facts, "stale_timeout_seconds")
        or (entry and entry.stale_timeout_seconds)
        or requests.stream_stale_timeout
    )
    patient = is_local(base_url) and "stream_read_timeout" not in requests.model_fields_set
    return Timeouts(
        whole_s=whole,
        read_s=whole if patient else min(whole, requests.stream_read_timeout),
        stale_s=stale,
    )


def _facts_of_entry(entry: ProviderEntry | None, model: str) -> Mapping[str, Any]:
    """What the settings say about one model of a provider."""
    found = entry.models.get(model) if entry and isinstance(entry.models, dict) else None
    return found if isinstance(found, dict) else {}


def _seconds(facts: Mapping[str, Any], name: str) -> float | None:
    found = facts.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if found > 0 else None


def _extra_body(choice: Choice, settings: Settings, base_url: str) -> dict[str, Any]:
    if choice.record.id == "custom" and settings.model.ollama_num_ctx and is_local(base_url):
        return {"options": {"num_ctx": settings.model.ollama_num_ctx}}
    wishes = _routing(settings.provider_routing) if choice.record.routing else {}
    return {"provider": wishes} if wishes else {}


def _routing(wanted: ProviderRouting) -> dict[str, Any]:
    """What was set about the services behind an aggregator, in its own words."""
    wishes = {
        "sort": wanted.sort,
        "only": list(wanted.only),
        "ignore": list(wanted.ignore),
        "order": list(wanted.order),
        "require_parameters": wanted.require_parameters,
        "data_collection": wanted.data_collection,
    }
    return {name: wish for name, wish in wishes.items() if wish}
