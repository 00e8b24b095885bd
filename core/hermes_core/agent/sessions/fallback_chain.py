"""The models asked in place of the session's own, as the settings name them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from hermes_core.config.model_settings import FallbackEntry
from hermes_core.config.schema import Settings
from hermes_core.providers.keys.lookup import KeySource, StoredKeys
from hermes_core.providers.model_ref import ModelRef, resolve_ref
from hermes_core.providers.resolve import Resolution, WindowSource


class Fallback(Struct, frozen=True):
    """One entry of the chain."""

    label: str
    resolve: Callable[[], Resolution]
    """Raises `HermesError` if the entry cannot be used."""


def fallback_chain(
    settings: Settings,
    secrets: KeySource,
    *,
    windows: WindowSource | None = None,
    stored: StoredKeys | None = None,
) -> tuple[Fallback, ...]:
    """Return the chain, first asked first; entries without provider or model are left out."""
    return tuple(
        named_beside(entry, settings, secrets, windows=windows, stored=stored)
        for entry in settings.fallback_providers
        if entry.provider and entry.model
    )


def named_beside(
    entry: FallbackEntry,
    settings: Settings,
    secrets: KeySource,
    *,
    windows: WindowSource | None = None,
    stored: StoredKeys | None = None,
) -> Fallback:
    """Return a model that is named beside the main one; it is looked up when it is asked."""
    ref = ModelRef(
        provider=entry.provider,
        model=entry.model,
        base_url=entry.base_url,
        api_key=entry.api_key,
        key_env=entry.key_env,
        api_mode=entry.api_mode,
    )
    return Fallback(
        label=f"{entry.model} ({entry.provider})",
        resolve=partial(resolve_ref, ref, settings, secrets, windows=windows, stored=stored),
    )
