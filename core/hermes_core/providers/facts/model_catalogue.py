"""Fetched facts about models: the public catalogue, and what an endpoint says itself.

Nothing is read before the first question and nothing is fetched before `refresh` or
`learn`. Each list is a file of its own in the cache folder, with its date, so that a
question costs reading the few kilobytes of one provider, once. Both calls are made
unasked: they are made only where the settings and `HERMES_OFFLINE` allow it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from hermes_core.config.atomic import replace_text
from hermes_core.errors import ProviderError
from hermes_core.providers.address import is_local
from hermes_core.providers.facts.facts import ModelFacts, plain_id
from hermes_core.providers.facts.listings import read_models_dev
from hermes_core.providers.facts.local_windows import local_window
from hermes_core.providers.keys.lookup import PLACEHOLDER_KEY
from hermes_core.providers.records import records
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.endpoint import trusted_certificates

_log = logging.getLogger(__name__)

MODELS_DEV = "https://models.dev/api.json"
MAX_AGE_S = 24 * 3600.0
"""A list older than this is fetched again; until then the old one holds."""
RETRY_S = 300.0
"""Least distance between two attempts of which the first failed."""
BEGIN_AFTER_S = 10.0
"""After the first request: nothing is fetched while a person waits for the first answer,
and a process that asks one question fetches nothing at all."""
_FETCH_TIMEOUT_S = 15.0
_LISTING_TIMEOUT_S = 5.0
_MAX_BYTES = 32 * 1024 * 1024


class _List(msgspec.Struct, frozen=True):
    fetched: float
    """Seconds since the epoch."""
    models: tuple[ModelFacts, ...]


class Listing(Protocol):
    """A model that can say what its endpoint serves."""

    async def served_facts(self) -> tuple[ModelFacts, ...]:
        """Return what the endpoint says about its models."""
        ...


class ModelCatalogue:
    """Answers questions about models from what was fetched, and fetches.

    Args:
        folder: Where lists are kept; asked for when one is needed.
        public: Whether the public catalogue may be fetched.
        endpoints: Whether endpoints may be asked for their lists.
        ca_bundle: File of trusted certificates instead of the system's.
        url: Address of the public catalogue.
        now: Seconds since the epoch.
        begin_after_s: Pause before `begin` does anything, in seconds.
    """

    def __init__(
        self,
        folder: Callable[[], Path],
        *,
        public: bool,
        endpoints: bool,
        ca_bundle: str = "",
        url: str = MODELS_DEV,
        now: Callable[[], float] = time.time,
        begin_after_s: float = BEGIN_AFTER_S,
    ) -> None:
        self._folder = folder
        self._public = public
        self._endpoints = endpoints
        self._ca_bundle = ca_bundle
        self._url = url
        self._now = now
        self._lists: dict[str, _List | None] = {}
        self._failed: dict[str, float] = {}
        self._begin_after_s = begin_after_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """What `begin` started, by address."""

    def facts(self, provider: str, base_url: str, model: str) -> ModelFacts | None:
        """Return what was fetched about a model, or None.

        Args:
            provider: Id of the provider, as in `Runtime`.
            base_url: Address it is reached at.
            model: Its id; spelling as in `facts_of` does not matter.
        """
        record = records().get(provider.split(":", 1)[0])
        names = [_endpoint_name(base_url)]
        if record is not None and record.base_url == base_url and record.catalogue_id:
            names.append(record.catalogue_id)
        for name in names:
            kept = self._list(name)
            found = _find(kept.models, model) if kept is not None else None
            if kept is not None and found is not None:
                day = dt.datetime.fromtimestamp(kept.fetched, dt.UTC).date().isoformat()
                return msgspec.structs.replace(found, checked=day)
        return None

    def listed(self, provider: str, base_url: str) -> tuple[ModelFacts, ...]:
        """Return every model that was fetched for a provider, its own list first."""
        record = records().get(provider.split(":", 1)[0])
        own = self._list(_endpoint_name(base_url))
        if own is None and record is not None and record.catalogue_id:
            own = self._list(record.catalogue_id) if record.base_url == base_url else None
        return own.models if own is not None else ()

    def window(self, provider: str, base_url: str, model: str) -> int | None:
        """Return the context size that was fetched, in tokens."""
        facts = self.facts(provider, base_url, model)
        return facts.window if facts is not None else None

    def wire(self, provider: str, base_url: str, model: str) -> str:
        """Return the only wire an endpoint takes for a model, if it said so."""
        facts = self.facts(provider, base_url, model)
        return facts.wire if facts is not None else ""

    def begin(self, resolution: Resolution, model: Listing) -> None:
        """Fetch in the background, once an address, what helps the next conversation."""
        base_url = resolution.runtime.base_url
        if base_url not in self._tasks and (self._public or self._endpoints):
            self._tasks[base_url] = asyncio.create_task(
                self._look_around(resolution, model), name="facts about models"
            )

    async def aclose(self) -> None:
        """Stop fetching. Call it before the models are closed."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look_around(self, resolution: Resolution, model: Listing) -> None:
        await asyncio.sleep(self._begin_after_s)
        await self.learn(resolution, model)
        await self.refresh()

    async def refresh(self) -> None:
        """Fetch the public catalogue if that is allowed and the last one is old."""
        wanted = {one.catalogue_id for one in records().values() if one.catalogue_id}
        if not self._public or not await self._is_due("openai"):
            return
        import httpx2  # comes with the SDKs, which are imported on first use

        try:
            data = await self._fetch()
            found = await asyncio.to_thread(read_models_dev, data)
        except (httpx2.HTTPError, OSError, TimeoutError, msgspec.DecodeError) as error:
            self._note_failure("openai", f"the public catalogue of models: {error!r}")
            return
        await self._keep({name: found[name] for name in wanted if name in found})

    async def learn(self, resolution: Resolution, model: Listing) -> None:
        """Ask the endpoint of a resolution what it serves, if its answer tells more.

        Vendors whose own lists name no sizes are not asked.
        """
        base_url = resolution.runtime.base_url
        name = _endpoint_name(base_url)
        if not (self._endpoints and resolution.record.lists_facts and await self._is_due(name)):
            return
        try:
            async with asyncio.timeout(_LISTING_TIMEOUT_S):
                found = await model.served_facts()
        except (ProviderError, TimeoutError) as error:
            self._note_failure(name, f"the models of {base_url}: {error!r}")
            return
        await self._keep({name: await _with_local_window(resolution, found)})

    async def _fetch(self) -> bytes:
        import httpx2  # comes with the SDKs, which are imported on first use

        verify = await asyncio.to_thread(trusted_certificates, self._ca_bundle)
        async with (
            asyncio.timeout(_FETCH_TIMEOUT_S),
            httpx2.AsyncClient(verify=verify, follow_redirects=False) as client,
            client.stream("GET", self._url) as response,
        ):
            response.raise_for_status()
            whole = bytearray()
            async for piece in response.aiter_bytes():
                whole += piece
                if len(whole) > _MAX_BYTES:
                    raise OSError(f"more than {_MAX_BYTES} bytes")
        return bytes(whole)

    def _note_failure(self, name: str, what: str) -> None:
        self._failed[name] = self._now()
        _log.info("cannot be fetched: %s", what)

    async def _is_due(self, name: str) -> bool:
        if self._now() - self._failed.get(name, float("-inf")) < RETRY_S:
            return False
        kept = await asyncio.to_thread(self._list, name)
        return kept is None or not 0 <= self._now() - kept.fetched < MAX_AGE_S

    async def _keep(self, found: Mapping[str, tuple[ModelFacts, ...]]) -> None:
        lists = {name: _List(self._now(), models) for name, models in found.items()}
        self._lists.update(lists)
        try:
            await asyncio.to_thread(self._write, lists)
        except OSError as error:
            _log.warning("the facts about models cannot be kept: %s", error)

    def _write(self, lists: Mapping[str, _List]) -> None:
        for name, one in lists.items():
            path = self._path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(path, msgspec.json.encode(one).decode())

    def _list(self, name: str) -> _List | None:
        if name not in self._lists:
            self._lists[name] = self._read(name)
        return self._lists[name]

    def _read(self, name: str) -> _List | None:
        try:
            return msgspec.json.decode(self._path(name).read_bytes(), type=_List)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("kept facts about models cannot be read: %s", error)
            return None

    def _path(self, name: str) -> Path:
        return self._folder() / "models" / f"{name}.json"


async def _with_local_window(
    resolution: Resolution, found: tuple[ModelFacts, ...]
) -> tuple[ModelFacts, ...]:
    """The list with the size of the model in use, if the server tells it elsewhere."""
    base_url = resolution.runtime.base_url
    model = resolution.runtime.model or (found[0].id if len(found) == 1 else "")
    facts = next((one for one in found if one.id == model), None)
    is_asked = resolution.record.id == "custom" and is_local(base_url) and model
    if not is_asked or (facts is not None and facts.window is not None):
        return found
    key = resolution.credential.value
    size = await local_window(base_url, model, key="" if key == PLACEHOLDER_KEY else key)
    if size is None:
        return found
    known = facts or ModelFacts(id=model, source="provider_models_api")
    sized = msgspec.structs.replace(known, window=size)
    return (sized, *(one for one in found if one.id != model))


def _endpoint_name(base_url: str) -> str:
    return f"endpoint-{hashlib.sha256(base_url.encode()).hexdigest()[:16]}"


def _find(models: tuple[ModelFacts, ...], wanted: str) -> ModelFacts | None:
    """The model of that id, of that plain id, or the only one an endpoint serves."""
    if not wanted:
        return models[0] if len(models) == 1 else None
    exact = next((one for one in models if one.id == wanted), None)
    if exact is not None:
        return exact
    name = plain_id(wanted)
    similar = next((one for one in models if plain_id(one.id) == name), None)
    if similar is None:
        return None
    # Variants of a model may have a price of their own.
    return msgspec.structs.replace(
        similar, input=None, output=None, cache_read=None, cache_write=None
    )
