"""The one composition root: settings, store, models and sessions of a process.

The app and every headless door build one `Host` and open sessions through it; nobody
else wires the core together.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from hermes_core.agent.clock import Clock, SystemClock
from hermes_core.agent.sessions.assembly import build_session
from hermes_core.agent.sessions.fallback_chain import Fallback, fallback_chain, named_beside
from hermes_core.agent.sessions.session import Session
from hermes_core.agent.sessions.session_plan import Ground, SessionPlan
from hermes_core.agent.sharing.attachment import Attachment
from hermes_core.agent.sharing.owner_socket import Hello, Opening, OwnerSocket
from hermes_core.agent.sharing.remote import NotSent, RemoteSession
from hermes_core.agent.workers import Workers
from hermes_core.checkpoints.snapshots import Limits
from hermes_core.checkpoints.store import CheckpointStore
from hermes_core.config.editor import ConfigEditor
from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.config.secrets import is_secret_name
from hermes_core.errors import NoModelConfigured, StoreReadOnly, StoreUnavailable
from hermes_core.messages import Runtime, Usage
from hermes_core.paths import Home, cache_folder
from hermes_core.providers.base import Model
from hermes_core.providers.choosing import Offers, Wish, described
from hermes_core.providers.clients import Models
from hermes_core.providers.facts.facts import facts_of
from hermes_core.providers.facts.model_catalogue import ModelCatalogue
from hermes_core.providers.facts.pricing import Cost, cost_of
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.providers.facts.tokens import TokenCounter
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.oauth_app import log_in_command
from hermes_core.providers.model_ref import ModelRef, resolve_ref
from hermes_core.providers.resolve import Resolution, resolve
from hermes_core.security.redaction import Redactor
from hermes_core.storage.owner import current_owner
from hermes_core.storage.records import Owner
from hermes_core.storage.session_ids import new_session_id
from hermes_core.storage.store import Store
from hermes_core.tools.registry import Registry, discover
from hermes_core.tools.toolsets import Selection, select
from hermes_core.upkeep import Upkeep

MAX_RUNNING_TURNS = 16
HEARTBEAT_S = 5.0
TAKE_OVER_TRIES = 25
TAKE_OVER_PAUSE_S = 0.1

_log = logging.getLogger(__name__)


class HostOptions(Struct, frozen=True, kw_only=True):
    """How a door wants its host."""

    home: Home
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings named on the command line, by dotted key."""
    source: str = "cli"
    """Stored with new sessions."""
    platform: str = "cli"
    """Chooses the tools: `cli`, `api_server`."""
    interactive: bool = True
    """Whether a person sits behind this door and can be asked."""
    allow_demo: bool = False
    """Whether the built-in demo model may answer when nothing is configured."""
    toolsets: Sequence[str] | None = None
    yolo: bool = False
    client: str = "app"
    """Names this process in answers to questions."""
    opened_at: str = ""
    """Socket of the process that opens conversations in our place; empty: we do."""


class Host:
    """Everything a door needs. Make it with `Host.open`, end it with `aclose`."""

    def __init__(
        self,
        options: HostOptions,
        loaded: LoadedSettings,
        store: Store,
        workers: Workers,
        clock: Clock,
    ) -> None:
        self.options = options
        self.loaded = loaded
        self._clock = clock
        self.store = store
        self.tools: Registry = discover()
        self._models = Models()
        self._catalogue = _catalogue(loaded, options.environ)
        self.pools = self._open_pools()
        """Keys kept beside those of settings and variables."""
        self._demo: Model | None = None
        self._sessions: dict[str, Session] = {}
        self._socket = OwnerSocket(self._sessions.get)
        self._owner: Owner | None = None
        self._beat: asyncio.Task[None] | None = None
        self._upkeep = Upkeep(options.home, store, loaded.settings)
        self._lock = asyncio.Lock()
        self.redactor = Redactor(
            _known_secrets(loaded),
            enabled=loaded.settings.security.redact_secrets,
        )
        self.checkpoints = CheckpointStore(options.home, _limits(loaded))
        store.on_delete(self._forget_checkpoints)
        self.selection = self._selected()
        self.counter = TokenCounter()
        """Estimates, calibrated by what providers report."""
        self._ground = Ground(
            home=options.home,
            environ=options.environ,
            loaded=loaded,
            store=store,
            checkpoints=self.checkpoints,
            counter=self.counter,
            redactor=self.redactor,
            clock=clock,
            resolve=self.resolve,
            resolve_ref=self._resolve_ref,
            own=self._errand,
            model=self.model,
            pools=self.pools,
            fallbacks=self._fallbacks,
            cheap=self._cheap,
            turn_gate=asyncio.Semaphore(MAX_RUNNING_TURNS),
            workers=workers,
            save_allowlist=self._save_allowlist,
            price=self.price,
            meant=self.meant,
            describe=self.describe,
            keep_runtime=self._keep_runtime,
        )

    @classmethod
    async def open(cls, options: HostOptions, *, clock: Clock | None = None) -> Host:
        """Read the settings, open the store, import an older home once.

        Raises:
            OSError: The home cannot be made or read.
            StoreUnavailable: The database cannot be used.
        """
        await asyncio.to_thread(options.home.create)
        loaded = await asyncio.to_thread(
            load_settings,
            options.home,
            environ=options.environ,
            overrides=options.overrides,
        )
        workers = Workers()
        asyncio.get_running_loop().set_default_executor(workers)
        store = await Store.open(options.home, synchronous=loaded.settings.storage.synchronous)
        if not store.read_only:
            await store.import_reference()
            await store.forget_empty()
        made = cls(options, loaded, store, workers, clock or SystemClock())
        for secret in await asyncio.to_thread(made.pools.secrets):  # may have to ask a keyring
            made.redactor.learn(secret)
        made._upkeep.start()
        return made

    async def aclose(self) -> None:
        """Close all sessions, give the leases back, close the store."""
        await self._upkeep.aclose()
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        await asyncio.gather(
            *(session.close("owner_exit") for session in list(self._sessions.values()))
        )
        await self._socket.aclose()
        await self._catalogue.aclose()
        await self._models.aclose()
        if self._demo is not None:
            await self._demo.aclose()
        await self.checkpoints.close()
        await self.store.aclose()

    def use_settings(self, loaded: LoadedSettings) -> None:
        """Take settings that were read again; conversations opened from now on follow them."""
        self.loaded = loaded
        self.pools = self._open_pools()
        self._upkeep.settings = loaded.settings
        self._ground = replace(self._ground, loaded=loaded, pools=self.pools)
        self.selection = self._selected()

    def _open_pools(self) -> KeyPools:
        """The keys and logins of the home as the settings want them; nothing is read yet."""
        return open_pools(
            self.options.home,
            self.loaded,
            now=self._clock.time,
            learn=lambda secret: self.redactor.learn(secret),
            environ=self.options.environ,
        )

    def _selected(self) -> Selection:
        """The tools of conversations opened from now on."""
        return select(
            self.tools,
            self.loaded.settings,
            platform=self.options.platform,
            asked=self.options.toolsets,
            environ=self.options.environ,
        )

    # --- models --------------------------------------------------------------------------

    def resolve(self, model: str = "", provider: str = "") -> Resolution:
        """Decide who answers.

        Raises:
            NoModelConfigured: Nothing is configured and the demo may not answer here.
            ConfigError: An unknown provider or a bad address.
        """
        settings, secrets_ = self.loaded.settings, self.loaded.secrets
        try:
            return resolve(
                settings,
                secrets_,
                model=model or None,
                provider=provider or None,
                windows=self._catalogue,
                stored=self.pools,
            )
        except NoModelConfigured:
            named = model or provider or settings.model.provider not in ("", "auto")
            if named or not self.options.allow_demo:
                raise
            return resolve(settings, secrets_, provider="demo")

    def _resolve_ref(self, ref: ModelRef) -> Resolution:
        return resolve_ref(
            ref,
            self.loaded.settings,
            self.loaded.secrets,
            windows=self._catalogue,
            stored=self.pools,
        )

    def _fallbacks(self) -> tuple[Fallback, ...]:
        return fallback_chain(
            self.loaded.settings,
            self.loaded.secrets,
            windows=self._catalogue,
            stored=self.pools,
        )

    def _cheap(self) -> Fallback | None:
        wanted = self.loaded.settings.smart_model_routing
        if not (wanted.enabled and wanted.cheap_model.provider and wanted.cheap_model.model):
            return None
        return named_beside(
            wanted.cheap_model,
            self.loaded.settings,
            self.loaded.secrets,
            windows=self._catalogue,
            stored=self.pools,
        )

    def model(self, resolution: Resolution) -> Model:
        """The model a resolution names; kept alive and shared by all who ask."""
        if resolution.record.id == "demo":
            if self._demo is None:
                from hermes_core.providers.demo import DemoModel  # measured: 28 ms, rarely used

                self._demo = DemoModel()
            return self._demo
        found = self._models.get(resolution)
        self._catalogue.begin(resolution, found)
        return found

    def offers(self, current: Runtime) -> Offers:
        """Everything that could answer in place of the current model. Asks no service."""
        return Offers(
            self.loaded.settings,
            self.loaded.secrets,
            self._catalogue,
            current,
            stored=self.pools,
        )

    def meant(self, model: str, provider: str, current: Runtime) -> Wish:
        """Find what somebody means who types a model, a part of its name or an alias.

        Raises:
            ConfigError: Nothing that could be a model, or more than one.
        """
        return self.offers(current).meant(model, provider)

    def describe(self, runtime: Runtime) -> str:
        """Say in one line what is known of a model."""
        facts = self._catalogue.facts(runtime.provider, runtime.base_url, runtime.model)
        return described(runtime, facts or facts_of(runtime.model))

    async def _keep_runtime(self, runtime: Runtime) -> None:
        """Write the model of new conversations; what belonged to the one before goes."""
        old = self.loaded.settings.model
        is_same_place = old.provider == runtime.provider
        values: dict[str, Any] = {}
        if isinstance(self.loaded.written.get("model"), str):
            values["model"] = None  # the short spelling makes room for the section
        values |= {
            "model.model": None,
            "model.provider": runtime.provider,
            "model.default": runtime.model,
        }
        if runtime.provider == "custom":
            values["model.base_url"] = runtime.base_url
        elif not is_same_place:
            values |= {"model.base_url": None, "model.api_key": None, "model.api_mode": None}
        if old.default != runtime.model or not is_same_place:
            values["model.context_length"] = None
        options = self.options
        editor = ConfigEditor(options.home, environ=options.environ)
        await asyncio.to_thread(editor.set_values, values)
        loaded = await asyncio.to_thread(
            load_settings,
            options.home,
            environ=options.environ,
            overrides=options.overrides,
            previous=self.loaded,
        )
        self.use_settings(loaded)

    def price(self, usage: Usage, runtime: Runtime) -> Cost:
        """Say what tokens cost, from what was fetched about the model or from list prices."""
        return cost_of(
            usage,
            runtime,
            known=self._catalogue.facts(runtime.provider, runtime.base_url, runtime.model),
            cache_ttl=self.loaded.settings.prompt_caching.cache_ttl,
        )

    async def _forget_checkpoints(self, session_id: str) -> None:
        await self.checkpoints.forget_session(session_id)

    async def _save_allowlist(self, keys: list[str]) -> None:
        edit = ConfigEditor(self.options.home, environ=self.options.environ)
        await asyncio.to_thread(edit.set_value, "command_allowlist", keys)

    # --- sessions ------------------------------------------------------------------------

    async def open_session(
        self,
        session_id: str | None = None,
        *,
        model: str = "",
        provider: str = "",
        system_message: str = "",
        source: str = "",
    ) -> Attachment:
        """Open a conversation: a new one, one of ours, or one another process owns.

        Args:
            session_id: None begins a new conversation.
            model: Name a model for it; empty keeps its own or the default.
            provider: The same for the provider.
            system_message: Extra prompt text of a new conversation.
            source: Stored with a new conversation; empty: the host's own.

        Raises:
            NoModelConfigured: Nothing can answer.
            StoreReadOnly: The database belongs to a newer version.
            StoreUnavailable: The owner neither answers nor goes away.
        """
        chosen = session_id or new_session_id(self._clock.time())
        named = self.resolve(model, provider) if model or provider else None

        async def inner() -> Session | RemoteSession:
            return await self._open_inner(
                SessionPlan(
                    session_id=chosen,
                    source=source or self.options.source,
                    platform=self.options.platform,
                    interactive=self.options.interactive,
                    system_message=system_message,
                    cwd=self.options.cwd,
                    resolution=named,
                    tools=self.selection.tools,
                    warnings=(*self.selection.warnings, *self._passed_over(named)),
                    yolo=self.options.yolo,
                )
            )

        return Attachment(await inner(), inner, client=self.options.client)

    def _passed_over(self, named: Resolution | None) -> tuple[str, ...]:
        """Say which logins ended, where another provider is taken because of that."""
        if named is not None or self.loaded.settings.model.provider not in ("", "auto"):
            return ()
        return tuple(
            f"The login at {name} has ended; another provider is asked."
            f" Log in again: {log_in_command(name)}"
            for name in self.pools.ended()
        )

    def grants(self, session_id: str) -> list[tuple[str, Literal["session", "always"]]]:
        """What was allowed for longer than once: entry and scope, session ones first.

        Of a session another process owns only the permanent ones are known here.
        """
        session = self._sessions.get(session_id)
        if session is not None:
            return [(grant.entry, grant.scope) for grant in session.grants]
        return [(entry, "always") for entry in self.loaded.settings.command_allowlist]

    def cost_limit(self, session_id: str) -> Decimal | None:
        """What a conversation may cost in USD: as raised in it, else as set; None: no limit."""
        session = self._sessions.get(session_id)
        if session is not None:
            return session.cost_limit
        limit = self.loaded.settings.agent.max_cost_usd
        return None if limit is None else Decimal(str(limit))

    def token_limit(self, session_id: str) -> int | None:
        """How many tokens a conversation may use; None: there is no limit."""
        session = self._sessions.get(session_id)
        if session is not None:
            return session.token_limit
        return self.loaded.settings.agent.max_total_tokens

    def rate_limits(self, provider: str) -> tuple[RateLimit, ...]:
        """What is left of a provider's limits, as its last answer to this process said."""
        return self._models.rate_limits(provider)

    async def open_for_clients(self, joined: Callable[[str, str], None]) -> str:
        """Run the conversations of other processes of this person; returns our socket.

        Args:
            joined: Told the name of a client and the conversation it came to.

        Raises:
            OSError: The runtime folder cannot be used.
        """
        self._socket.open_for_clients(
            self._open_for, lambda hello: joined(hello.client, hello.session_id)
        )
        async with self._lock:
            return (await self._listening()).socket_path

    async def _open_for(self, hello: Hello) -> Session | None:
        """Open a conversation a client asked for; None if another process owns it."""
        asked = hello.opening or Opening()
        selection = select(
            self.tools,
            self.loaded.settings,
            platform=asked.platform,
            environ=self.options.environ,
        )
        named = asked.model or asked.provider
        inner = await self._open_inner(
            SessionPlan(
                session_id=hello.session_id,
                source=asked.source,
                platform=asked.platform,
                interactive=asked.interactive,
                system_message=asked.system_message,
                cwd=self.options.cwd,
                resolution=self.resolve(asked.model, asked.provider) if named else None,
                tools=selection.tools,
                warnings=selection.warnings,
            )
        )
        if isinstance(inner, Session):
            return inner
        await inner.release()
        return None

    async def _elsewhere(self, plan: SessionPlan) -> RemoteSession | None:
        """The conversation at the process that opens ours; None if we are on our own."""
        if not self.options.opened_at:
            return None
        named = plan.resolution.runtime if plan.resolution is not None else None
        remote = RemoteSession(
            plan.session_id,
            self.options.opened_at,
            self.store,
            self.options.client,
            opening=Opening(
                source=plan.source,
                platform=plan.platform,
                interactive=plan.interactive,
                system_message=plan.system_message,
                model=named.model if named is not None else "",
                provider=named.provider if named is not None else "",
            ),
        )
        try:
            await remote.connect()
        except NotSent as error:
            _log.info("session %s is not opened elsewhere: %s", plan.session_id, error)
            return None
        return remote

    async def _open_inner(self, plan: SessionPlan) -> Session | RemoteSession:
        async with self._lock:
            if (elsewhere := await self._elsewhere(plan)) is not None:
                return elsewhere
            live = self._sessions.get(plan.session_id)
            if live is not None and not live.is_closed:
                return live.retain()
            if live is not None:
                await live.wait_closed()
            if self.store.read_only:
                raise StoreReadOnly(
                    "This home was written by a newer hermes; conversations can only be read.",
                    hint="Update hermes to go on with them.",
                )
            owner = await self._listening()
            for _ in range(TAKE_OVER_TRIES):
                lease = await self.store.take_lease(plan.session_id, owner, now=self._clock.time())
                if not lease.held_elsewhere:
                    return await self._own(plan)
                remote = RemoteSession(
                    plan.session_id, lease.owner.socket_path, self.store, self.options.client
                )
                try:
                    await remote.connect()
                except NotSent:
                    await asyncio.sleep(TAKE_OVER_PAUSE_S)
                else:
                    return remote
        raise StoreUnavailable(
            f"Another process (pid {lease.owner.pid}) holds this conversation and does not answer.",
            hint="Wait a moment, or end that process.",
        )

    async def _errand(self, plan: SessionPlan) -> Session:
        """Open a session that works for one of ours; nobody else can know its id yet."""
        owner = await self._listening()
        lease = await self.store.take_lease(plan.session_id, owner, now=self._clock.time())
        if lease.held_elsewhere:
            raise StoreUnavailable(f"The conversation {plan.session_id} belongs to somebody else.")
        return await self._own(plan)

    async def _own(self, plan: SessionPlan) -> Session:
        session_id = plan.session_id

        async def closed() -> None:
            self._sessions.pop(session_id, None)
            if self._owner is not None:
                await self.store.release_lease(session_id, self._owner)

        try:
            session = await build_session(self._ground, plan, on_close=closed)
        except BaseException:
            await closed()
            raise
        self._sessions[session_id] = session
        return session.retain()

    async def _listening(self) -> Owner:
        """Start the socket and the heartbeat with the first session."""
        if self._owner is None:
            path = await self._socket.start()
            self._owner = await asyncio.to_thread(current_owner, path)
            self._beat = asyncio.create_task(self._heartbeat(self._owner), name="lease heartbeat")
        return self._owner

    async def _heartbeat(self, owner: Owner) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            rounds += 1
            try:
                for session_id, session in list(self._sessions.items()):
                    if not await self.store.renew_lease(session_id, owner, now=self._clock.time()):
                        _log.warning("the lease of session %s was lost", session_id)
                        await session.close("lease_lost")
                if rounds % 12 == 0:
                    await self.store.checkpoint()
            except StoreUnavailable as error:
                _log.warning("no heartbeat: %s", error)


def _known_secrets(loaded: LoadedSettings) -> list[str]:
    """The values of our own keys, so that they are masked wherever they turn up."""
    names = [name for name in loaded.secrets if is_secret_name(name)]
    values = [loaded.secrets.get(name) for name in names]
    return [value for value in (*values, loaded.settings.model.api_key) if value]


def _catalogue(loaded: LoadedSettings, environ: Mapping[str, str]) -> ModelCatalogue:
    settings = loaded.settings
    online = environ.get("HERMES_OFFLINE", "").strip() in ("", "0")
    return ModelCatalogue(
        cache_folder,
        public=online and settings.network.models_dev,
        endpoints=online,
        ca_bundle=settings.requests.ca_bundle,
    )


def _limits(loaded: LoadedSettings) -> Limits:
    wanted = loaded.settings.checkpoints
    return Limits(
        max_snapshots=wanted.max_snapshots,
        max_total_bytes=wanted.max_total_size_mb << 20,
        max_file_bytes=wanted.max_file_size_mb << 20,
        timeout_s=wanted.timeout,
    )
