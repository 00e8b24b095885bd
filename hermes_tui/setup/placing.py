"""Which of several addresses of a provider a key is good at: each is asked for one token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import msgspec

from hermes_core.config.loader import load_settings
from hermes_core.errors import HermesError, ProviderError
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.records import find_record
from hermes_core.providers.resolve import Resolution, resolve
from hermes_core.providers.timeouts import Timeouts
from hermes_tui.setup.choice import Choice, TypedKeys

_EACH_S = 8.0
_TRIED = Timeouts(connect_s=_EACH_S, read_s=_EACH_S, whole_s=_EACH_S)
_NOT_HERE = {"auth", "billing", "rate_limit", "connection", "timeout"}
"""Reasons why a key may be good at another address; a model that is unknown is none."""


async def placed(
    home: Home,
    choice: Choice,
    *,
    environ: Mapping[str, str] | None = None,
    addresses: Sequence[str] | None = None,
) -> Choice:
    """Return the choice at the address its key is good at.

    Args:
        home: Whose settings count.
        choice: With a key, so far at the provider's usual address.
        environ: The variables that count.
        addresses: In place of those the provider is known to have.

    Returns:
        The same choice where there is one address only, where the person has set one,
        or where none of them takes the key: asking for the models then says why.
    """
    record = find_record(choice.provider)
    known = record.addresses if record is not None and addresses is None else addresses
    if record is None or not known or choice.base_url:
        return choice
    loaded = await asyncio.to_thread(
        load_settings, home, environ=environ, overrides=choice.wanted_settings
    )
    if loaded.secrets.get(record.base_url_env):
        return choice
    try:
        found = resolve(
            loaded.settings,
            TypedKeys(loaded.secrets, choice.key),
            provider=record.id,
            model=record.probe_model or record.default_model,
            stored=open_pools(home, loaded, environ=environ),
        )
    except HermesError:
        return choice  # there is no key yet
    for address in known:
        if await _takes(found, address):
            return replace(choice, base_url="" if address == record.base_url else address)
    return choice


async def _takes(found: Resolution, address: str) -> bool:
    runtime = msgspec.structs.replace(found.runtime, base_url=address)
    reached = msgspec.structs.replace(found, runtime=runtime, timeouts=_TRIED)
    model = open_model(reached)
    request = ModelRequest(
        runtime=runtime,
        system="",
        messages=(Message(role="user", content="Hi"),),
        max_output_tokens=1,
    )
    try:
        async with asyncio.timeout(_EACH_S), aclosing(model.stream(request)) as parts:
            async for _ in parts:
                return True
        return True
    except ProviderError as error:
        return error.reason not in _NOT_HERE
    except TimeoutError:
        return False
    finally:
        await model.aclose()
