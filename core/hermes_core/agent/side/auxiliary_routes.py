"""From the settings of a side job to the models that may do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hermes_core.agent.side.auxiliary import Route
from hermes_core.config.auxiliary_settings import AuxiliaryTask
from hermes_core.config.schema import Settings
from hermes_core.errors import HermesError
from hermes_core.messages import Runtime
from hermes_core.providers.base import Model
from hermes_core.providers.keys.lookup import KeySource, StoredKeys
from hermes_core.providers.model_ref import ModelRef, resolve_ref
from hermes_core.providers.records import find_record
from hermes_core.providers.resolve import Resolution

OWN = ("", "auto", "main")
"""Words for the conversation's own provider."""
_SHORT = {"codex": "openai-codex"}
"""Providers that go by another name here."""


def auxiliary_routes(
    task: str,
    settings: Settings,
    secrets: KeySource,
    *,
    stored: StoredKeys | None = None,
    main: Resolution,
    runtime: Runtime,
    open_model: Callable[[Resolution], Model],
) -> Sequence[Route]:
    """Return who is asked, in this order: what the settings name, then the conversation's own.

    The built-in demo model is no route of its own: it cannot read a conversation.

    Args:
        task: A field of `auxiliary`.
        settings: The merged settings.
        secrets: Where keys are looked up.
        stored: Knows the keys of pools.
        main: The model of the conversation.
        runtime: The same as it is used now, with the window as it is known by now.
        open_model: Makes the client.
    """
    wanted: AuxiliaryTask = getattr(settings.auxiliary, task)
    routes = []
    if _is_named(wanted):
        routes.append(_named_route(wanted, settings, secrets, stored, main, open_model))
    if runtime.provider != "demo":
        routes.append(
            Route(open_model=lambda: open_model(main), runtime=runtime, timeout_s=wanted.timeout)
        )
    return routes


def _is_named(wanted: AuxiliaryTask) -> bool:
    return bool(wanted.base_url or wanted.model or wanted.provider.strip().lower() not in OWN)


def _named_route(
    wanted: AuxiliaryTask,
    settings: Settings,
    secrets: KeySource,
    stored: StoredKeys | None,
    main: Resolution,
    open_model: Callable[[Resolution], Model],
) -> Route:
    try:
        found = _resolution(wanted, settings, secrets, stored, main)
    except HermesError as error:
        problem = error

        def fail() -> Model:
            raise problem

        label = wanted.provider if wanted.provider not in OWN else main.runtime.provider
        nobody = Runtime(model=wanted.model or "the model", provider=label)
        return Route(open_model=fail, runtime=nobody, timeout_s=wanted.timeout, is_named=True)
    window = wanted.context_length or found.runtime.window_tokens
    return Route(
        open_model=lambda: open_model(found),
        runtime=msgspec.structs.replace(found.runtime, window_tokens=window),
        timeout_s=wanted.timeout,
        is_named=True,
    )


def _resolution(
    wanted: AuxiliaryTask,
    settings: Settings,
    secrets: KeySource,
    stored: StoredKeys | None,
    main: Resolution,
) -> Resolution:
    provider = wanted.provider.strip()
    provider = _SHORT.get(provider.lower(), provider)
    cheap = ""
    if not wanted.base_url:
        if provider.lower() in OWN:
            provider = main.runtime.provider
        elif (record := find_record(provider)) is not None:
            cheap = record.aux_model
    ref = ModelRef(
        provider=provider,
        model=wanted.model or cheap,
        base_url=wanted.base_url,
        api_key=wanted.api_key,
        api_mode=wanted.api_mode,
        context_length=wanted.context_length,
    )
    return resolve_ref(ref, settings, secrets, stored=stored)
