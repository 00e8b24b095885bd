"""Requests written to files, for finding out why a provider does not take them.

A request that failed for good is written in any case, every one if that is wanted. What
is written is what the wire sends, built once more; keys are not in it, secrets inside of
it are masked, pictures and other very long texts are cut. The folder is shared with an
older program, whose files have other names and are left alone.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.agent.clock import Clock
from hermes_core.errors import ConfigError, ProviderError
from hermes_core.providers.base import Model, ModelRequest, SentRequest

MOST_FILES = 50
"""Older ones are deleted."""
MOST_CHARS = 20_000
"""Of one text in a request."""
_SHOWN_CHARS = 2_000

_log = logging.getLogger(__name__)


def request_dumps(folder: Path) -> list[Path]:
    """The files of all conversations, oldest first."""
    found = folder.glob("request_dump_*_????????T????????????Z.json")
    return sorted(found, key=lambda path: path.stem.rpartition("_")[2])


class RequestDumps:
    """Writes requests of one conversation.

    Args:
        folder: Where to; made when needed.
        session_id: Whose requests they are.
        clock: Names the files.
        redact: Masks secrets.
        every: Write each request, not only those that failed for good.
    """

    def __init__(
        self,
        folder: Path,
        session_id: str,
        *,
        clock: Clock,
        redact: Callable[[str], str],
        every: bool = False,
    ) -> None:
        self._folder = folder
        self._session_id = session_id
        self._clock = clock
        self._redact = redact
        self._every = every

    async def asked(self, model: Model, request: ModelRequest, attempt: int) -> None:
        """A request goes out now."""
        if self._every:
            await self._keep(model, request, attempt, None)

    async def failed(
        self, model: Model, request: ModelRequest, attempt: int, error: ProviderError
    ) -> None:
        """A request failed, and is not sent again as it is."""
        await self._keep(model, request, attempt, error)

    async def _keep(
        self, model: Model, request: ModelRequest, attempt: int, error: ProviderError | None
    ) -> None:
        try:
            sent = await model.as_sent(request)
            if sent is None:
                return
            path = await asyncio.to_thread(self._write, sent, request, attempt, error)
        except (OSError, ConfigError) as problem:
            _log.warning("a request could not be written down: %s", problem)
            return
        _log.info("the request was written to %s", path)

    def _write(
        self, sent: SentRequest, request: ModelRequest, attempt: int, error: ProviderError | None
    ) -> Path:
        now = dt.datetime.fromtimestamp(self._clock.time(), dt.UTC)
        runtime = request.runtime
        document = {
            "written_at": now.isoformat(),
            "session_id": self._session_id,
            "purpose": request.purpose,
            "provider": runtime.provider,
            "model": runtime.model,
            "api_mode": runtime.api_mode,
            "attempt": attempt,
            "failure": None
            if error is None
            else {"reason": error.reason, "status": error.status, "message": str(error)},
            "request": {"url": sent.url, "headers": dict(sent.headers), "body": sent.body},
        }
        data = msgspec.json.format(msgspec.json.encode(self._clean(document)), indent=2)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._create(now, data)
        for old in request_dumps(self._folder)[:-MOST_FILES]:
            old.unlink(missing_ok=True)
        return path

    def _create(self, now: dt.datetime, data: bytes) -> Path:
        while True:
            name = f"request_dump_{self._session_id}_{now:%Y%m%dT%H%M%S%f}Z.json"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                descriptor = os.open(self._folder / name, flags, 0o600)
            except FileExistsError:
                now += dt.timedelta(microseconds=1)
                continue
            with open(descriptor, "wb") as sink:  # noqa: PTH123  the descriptor is open already
                sink.write(data)
            return self._folder / name

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            if len(value) > MOST_CHARS:
                value = f"{value[:_SHOWN_CHARS]}… ({len(value):,} characters)"
            return self._redact(value)
        if isinstance(value, dict):
            return {key: self._clean(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(one) for one in value]
        return value
