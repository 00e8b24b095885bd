"""What a door wants of a session, and what all sessions of a process share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from hermes_core.agent.clock import Clock
from hermes_core.agent.sessions.errand import Errand
from hermes_core.agent.sessions.fallback_chain import Fallback
from hermes_core.agent.sessions.session import Session
from hermes_core.agent.workers import Workers
from hermes_core.checkpoints.store import CheckpointStore
from hermes_core.config.loader import LoadedSettings
from hermes_core.messages import Runtime
from hermes_core.paths import Home
from hermes_core.providers.base import Model
from hermes_core.providers.choosing import Wish
from hermes_core.providers.facts.pricing import Price
from hermes_core.providers.facts.tokens import TokenCounter
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.model_ref import ModelRef
from hermes_core.providers.resolve import Resolution
from hermes_core.security.redaction import Redactor
from hermes_core.storage.store import Store
from hermes_core.tools.registry import Registry


class SessionPlan(Struct, frozen=True, kw_only=True):
    """What a door wants of a session."""

    session_id: str
    source: str = "cli"
    platform: str = "cli"
    interactive: bool = True
    system_message: str = ""
    cwd: Path
    resolution: Resolution | None = None
    """Set when the model was named for this run; else the session's own, else the default."""
    tools: Registry
    warnings: tuple[str, ...] = ()
    yolo: bool = False
    errand: Errand | None = None
    """Set when it works for another conversation."""


class Ground(Struct, frozen=True, kw_only=True):
    """What all sessions of a process share."""

    home: Home
    environ: Mapping[str, str]
    loaded: LoadedSettings
    store: Store
    checkpoints: CheckpointStore
    counter: TokenCounter
    redactor: Redactor
    clock: Clock
    resolve: Callable[[str, str], Resolution]
    """(model, provider) to a resolution; empty words mean the default."""
    resolve_ref: Callable[[ModelRef], Resolution]
    """Decides who answers for a model named beside the main one. Raises HermesError."""
    model: Callable[[Resolution], Model]
    pools: KeyPools
    fallbacks: Callable[[], Sequence[Fallback]]
    cheap: Callable[[], Fallback | None]
    """The model of simple turns, if one is named and wanted."""
    turn_gate: asyncio.Semaphore
    workers: Workers
    save_allowlist: Callable[[list[str]], Awaitable[None]]
    price: Price
    """What tokens cost at a runtime."""
    meant: Callable[[str, str, Runtime], Wish]
    """What somebody means who types (model, provider) while this runtime answers."""
    describe: Callable[[Runtime], str]
    """What is known of a model, in one line."""
    keep_runtime: Callable[[Runtime], Awaitable[None]]
    """Makes a runtime the one of new conversations."""
    own: Callable[[SessionPlan], Awaitable[Session]]
    """Makes a session that this process owns and counts the caller among its users."""


def new_id() -> str:
    """An id for a turn, message, input or request."""
    return secrets.token_hex(6)
