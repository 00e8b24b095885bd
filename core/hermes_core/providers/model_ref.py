"""A model named in the settings beside the main one: for side jobs, as a fallback."""

from __future__ import annotations

from msgspec import Struct

from hermes_core.config.model_settings import ApiMode
from hermes_core.config.schema import Settings
from hermes_core.providers.keys.lookup import KeySource, StoredKeys
from hermes_core.providers.resolve import Resolution, WindowSource, resolve


class ModelRef(Struct, frozen=True, kw_only=True):
    """What the settings say about one model."""

    provider: str = ""
    model: str = ""
    base_url: str = ""
    """Of an endpoint of its own; it gets no key but the one named here."""
    api_key: str = ""
    key_env: str = ""
    """Variable that holds the key of `base_url`."""
    api_mode: ApiMode = ""
    context_length: int | None = None


def resolve_ref(
    ref: ModelRef,
    settings: Settings,
    secrets: KeySource,
    *,
    windows: WindowSource | None = None,
    stored: StoredKeys | None = None,
) -> Resolution:
    """Decide who answers for a model that is named beside the main one.

    Raises:
        HermesError: As `resolve`.
    """
    if not ref.base_url:
        return resolve(
            settings,
            secrets,
            model=ref.model,
            provider=ref.provider,
            windows=windows,
            stored=stored,
        )
    own = settings.model.model_copy(
        update={
            "provider": "custom",
            "base_url": ref.base_url,
            "api_key": ref.api_key or (secrets.get(ref.key_env) if ref.key_env else "") or "",
            "api_mode": ref.api_mode,
            "default": ref.model,
            "context_length": ref.context_length,
        }
    )
    return resolve(
        settings.model_copy(update={"model": own}),
        secrets,
        model=ref.model,
        provider="custom",
        windows=windows,
    )
