"""What a person can choose from: found keys, local servers, own entries, the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from hermes_core.config.loader import LoadedSettings
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.local_servers import LocalServer
from hermes_core.providers.records import Record, find_record, records


class Offer(Struct, frozen=True, kw_only=True):
    """One row. At most one of the last three is set; none of them: an address to type."""

    name: str
    about: str
    """Where its key was found or is to be put, or what else it takes."""
    is_ready: bool = False
    """Whether it can be used as it stands."""
    record: Record | None = None
    server: LocalServer | None = None
    own: str = ""
    """Name from `providers` or `custom_providers`."""

    @property
    def text(self) -> str:
        """It all in one line, the provider by its id too: for a plain terminal."""
        given = f" ({self.record.id})" if self.record is not None else ""
        return f"{self.name}{given}: {self.about}{' ✓' if self.is_ready else ''}"


def kept_providers(home: Home, loaded: LoadedSettings, environ: Mapping[str, str]) -> set[str]:
    """Providers with a key or a login in `auth.json` that can be used."""
    pools = open_pools(home, loaded, environ=environ)
    return {name for name in pools.providers() if pools.keys(name)}


def offers(
    loaded: LoadedSettings, servers: Sequence[LocalServer], kept: Collection[str] = ()
) -> list[Offer]:
    """Return the rows in the order shown, what is ready to be used first.

    Args:
        loaded: Settings and keys.
        servers: Found on this machine.
        kept: Ids of providers with a key or login in `auth.json`.
    """
    with_key: list[Offer] = []
    without: list[Offer] = []
    for record in records().values():
        if record.key_env or record.oauth:
            found = record.id in kept or loaded.secrets.first(*record.key_env)
            (with_key if found else without).append(_provider(record, loaded, kept))
    return [
        *with_key,
        *map(_server, servers),
        *(Offer(name=name, about="from config.yaml", own=name) for name in _own_names(loaded)),
        *without,
        Offer(name="another address", about="custom endpoint, server of your own"),
    ]


def current_offer(loaded: LoadedSettings, rows: Sequence[Offer]) -> int | None:
    """Return the index of the row that is configured now, else of one that is ready."""
    model = loaded.settings.model
    record = find_record(model.provider)
    for index, row in enumerate(rows):
        if row.server is not None and row.server.base_url == model.base_url:
            return index
        if row.record is not None and row.record is record:
            return index
        if row.own and row.own == model.provider.removeprefix("custom:"):
            return index
    if model.base_url:
        return len(rows) - 1
    first = rows[0]
    is_ready = first.server is not None or (
        first.record is not None and loaded.secrets.first(*first.record.key_env) is not None
    )
    return 0 if is_ready else None


def _server(server: LocalServer) -> Offer:
    """Say where a local server is, who runs it and what it offers."""
    count = len(server.models)
    account = f", run by {server.account}" if server.account else ""
    about = f"{server.base_url}{account}, {count} model{'s' * (count != 1)}"
    return Offer(name=server.label, about=about, is_ready=True, server=server)


def _provider(record: Record, loaded: LoadedSettings, kept: Collection[str]) -> Offer:
    found = loaded.secrets.first(*record.key_env)
    if found is not None:
        about, is_ready = f"{found[0]} in {loaded.secrets.source(found[0])}", True
    elif record.id in kept:
        about, is_ready = "in auth.json", True
    elif record.key_env:
        way = "log in, or" if record.oauth else "needs"
        about, is_ready = f"{way} {record.key_env[0]}", False
    else:
        about, is_ready = "log in", False
    return Offer(name=record.label, about=about, is_ready=is_ready, record=record)


def _own_names(loaded: LoadedSettings) -> Iterator[str]:
    for name in loaded.settings.providers:
        if find_record(name) is None:
            yield name
    for entry in loaded.settings.custom_providers:
        if entry.name:
            yield entry.name
