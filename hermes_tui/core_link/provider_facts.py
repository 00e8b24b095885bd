"""What the screen shows of providers: how each is reached, and what it has."""

from __future__ import annotations

from hermes_core.host import Host
from hermes_core.messages import Runtime
from hermes_core.providers.records import Record, records
from hermes_tui.core_link.workspace import ProviderInfo


def provider_infos(host: Host, current: Runtime) -> list[ProviderInfo]:
    """Return every provider, those that could answer first. Blocking; asks no service."""
    offers = host.offers(current)
    ready = [
        ProviderInfo(
            provider=reached.runtime.provider,
            label=reached.record.label or reached.runtime.provider,
            is_ready=True,
            access=_access(host, reached.record),
            model_count=len(offers.of(reached)),
        )
        for reached in offers.providers()
    ]
    known = {info.provider for info in ready}
    rest = [
        ProviderInfo(provider=one.id, label=one.label, access=_wanted(one))
        for one in records().values()
        if one.id not in known and (one.key_env or one.oauth)
    ]
    return [*ready, *rest]


def _access(host: Host, record: Record) -> str:
    """Say which key is used: of a variable, kept by the program, or none."""
    kept = len(host.pools.keys(record.id))
    found = host.loaded.secrets.first(*record.key_env)
    words = [f"{found[0]} in {host.loaded.secrets.source(found[0])}"] if found else []
    if kept:
        words.append(f"{kept} kept by hermes auth")
    return ", ".join(words) or ("needs no key" if record.id in ("demo", "local") else "")


def _wanted(record: Record) -> str:
    """Say what is missing."""
    ways = [record.key_env[0]] if record.key_env else []
    ways += ["a login"] if record.oauth else []
    return f"needs {' or '.join(ways)}"
