"""Who serves models and how each is reached, as data (`catalogue.toml`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import msgspec

from hermes_core.providers.logins.oauth_app import OAuthApp

ApiMode: TypeAlias = Literal[
    "chat_completions", "anthropic_messages", "codex_responses", "local", "demo"
]
"""The wire formats."""


class ModelMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wire of all models whose id begins like this."""

    prefix: str
    api_mode: ApiMode


class KeyAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where keys that begin like this belong."""

    prefix: str
    base_url: str


class RefusedKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys that begin like this are not taken there."""

    prefix: str
    why: str
    """One sentence with what to do instead."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. What differs between providers is a named flag here."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()
    base_url: str = ""
    """Default address; empty where the user names it."""
    base_url_env: str = ""
    """Variable that replaces the address for this provider alone."""
    key_env: tuple[str, ...] = ()
    """Variables that may hold the key, the first one with a value wins."""
    other_key_env: tuple[str, ...] = ()
    """Variables in which other programs keep such a key; they count after the own ones,
    and only where the provider was chosen by name."""
    refused_keys: tuple[RefusedKey, ...] = ()
    key_addresses: tuple[KeyAddress, ...] = ()
    """Other default addresses, by how the key begins."""
    addresses: tuple[str, ...] = ()
    """All addresses of which a key is good at one alone, tried in this order at setup."""
    probe_model: str = ""
    """Asked for one token to find out which."""
    api_mode: ApiMode = "chat_completions"
    model_modes: tuple[ModelMode, ...] = ()
    """Models that speak another wire than `api_mode`; the first prefix that fits wins."""
    model_names: Literal["", "vendor", "own", "openai", "dashed", "claude_dashed"] = ""
    """How this provider writes the ids of models: see `model_names.py`."""
    oauth: OAuthApp | None = None
    """How a person logs in, where there is such a way."""
    default_model: str = ""
    """Used when nobody names one."""
    aux_model: str = ""
    """A cheaper one for side jobs that are given to this provider without a model."""
    console: str = ""
    """Where a person sees keys and credit."""
    models_path: str = ""
    """Path of its list of models, if another than that of its wire."""
    key_path: str = ""
    """Path that a valid key alone can read, where the list of models is open to all."""
    key_optional: bool = False
    catalogue_id: str = ""
    """The provider's id in the public catalogue (models.dev)."""
    lists_facts: bool = False
    """Its own list of models names sizes or prices."""

    output_cap_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    streams: bool = True
    """Replies may be asked for piece by piece."""
    usage_in_stream: bool = True
    """The chat wire may ask for usage at the end of a stream."""
    takes_output_cap: bool = True
    """The Responses wire may say how long a reply may be."""
    reasoning_request: Literal["", "effort", "object", "effort_object", "listed"] = ""
    """How effort is asked for on the chat wire: not at all, as `reasoning_effort`, as a
    `reasoning` object, as one that never switches thinking off, or as that object for the
    families listed in `chat_request.py`."""
    reasoning_replay: Literal["", "reasoning_content", "reasoning_details"] = ""
    """What earlier thinking is sent back as; empty where unknown fields are refused."""
    developer_role: bool = False
    """GPT-5 and Codex models get the system prompt as `developer`."""
    cache_markers: bool = False
    """Claude models get cache markers on system and last messages."""
    attribution: bool = False
    """Tell the aggregator the product's name."""
    bearer_key: bool = False
    """A third-party messages endpoint that wants the key as a bearer token."""
    gateway: bool = False
    """Connections that fail are mostly those of the services behind it."""
    routing: bool = False
    """An aggregator that takes `provider_routing`."""
    account_header: str = ""
    """Header that carries the account a login's token names."""
    session_header: str = ""
    """Header that carries the session id."""
    headers: dict[str, str] = {}
    """Sent with each request; `{product}` is this program with its version."""
    initiator_header: str = ""
    """Header that says who asks: `user` for a person's message, `agent` for what follows."""
    picture_header: str = ""
    """Header that is `true` for a request with pictures."""
    extra_body: dict[str, Any] = {}
    """Fields of each request on the chat wire."""
    default_output_cap: int | None = None
    """Asked for on the chat wire when nobody names one."""
    content_blocks: bool = False
    """Every text of the chat wire is a list of blocks, the system prompt marked for caching."""
    prompt_metadata: bool = False
    """The chat wire names the session and the message that is answered."""
    cache_key: bool = True
    """The Responses wire may name the session for caching."""
    fast_mode: Literal["", "service_tier", "speed"] = ""
    """The field that asks for faster answers; for which models, says `fast_mode.py`."""


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: tuple[Record, ...]


@cache
def records() -> dict[str, Record]:
    """All providers by id, in the order in which `auto` and pickers look at them."""
    data = files("hermes_core.providers").joinpath("catalogue.toml").read_bytes()
    catalogue = msgspec.toml.decode(data, type=_Catalogue)
    return {record.id: record for record in catalogue.provider}


@cache
def _aliases() -> dict[str, str]:
    return {
        name: record.id for record in records().values() for name in (record.id, *record.aliases)
    }


def find_record(name: str) -> Record | None:
    """Return the provider of that id or alias, any case."""
    found = _aliases().get(name.strip().lower())
    return records()[found] if found else None
