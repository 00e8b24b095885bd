"""`auth.json` in the home: logins and key pools, shared with other programs.

What we do not know in it is kept as it is. It is written at once or not at all, under
the lock that the older program uses too.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from hermes_core.config.atomic import PRIVATE, replace_text
from hermes_core.errors import ConfigError
from hermes_core.providers.keys.vault import KeptSecrets

LOCK_TIMEOUT_S = 15.0
_POLL_S = 0.02
_VERSION = 1

_log = logging.getLogger(__name__)

Document = dict[str, Any]
"""The file as JSON: `providers`, `credential_pool`, `suppressed_sources` and more."""


class AuthStore(Protocol):
    """Where logins and pools are kept. Methods block."""

    def read(self) -> Document:
        """Return the content. Not to be changed."""
        ...

    def changing(self) -> AbstractContextManager[Document]:
        """Hold the content alone; what became of it is kept, unless the block raises."""
        ...


class AuthMemory:
    """A store that is gone with its process: for logins nobody decided to keep yet."""

    def __init__(self) -> None:
        self._document: Document = {}
        self._lock = threading.Lock()

    def read(self) -> Document:
        """See `AuthStore`."""
        return self._document

    @contextlib.contextmanager
    def changing(self) -> Iterator[Document]:
        """See `AuthStore`."""
        with self._lock:
            document = copy.deepcopy(self._document)
            yield document
            self._document = document


class AuthFile:
    """Reads and changes the file. All methods block.

    Args:
        path: `<home>/auth.json`; need not exist.
        secrets: Keeps the secrets of some entries elsewhere.
    """

    def __init__(self, path: Path, secrets: KeptSecrets | None = None) -> None:
        self._path = path
        self._secrets = secrets
        self._seen: tuple[int, int] | None = None
        self._document: Document = {}

    def read(self) -> Document:
        """Return the content, empty if there is none. Not to be changed.

        A file that cannot be read counts as empty; the next change keeps a copy of it.
        """
        try:
            stat = self._path.stat()
        except OSError:
            self._seen, self._document = None, {}
            return self._document
        version = (stat.st_mtime_ns, stat.st_ino)
        if version != self._seen:
            self._document = self._parsed() or {}
            self._seen = version
        return self._document

    @contextlib.contextmanager
    def changing(self) -> Iterator[Document]:
        """Hold the lock, give the content as it is now, write what became of it.

        Nothing is written if the block raises or changes nothing.

        Raises:
            ConfigError: The lock is held by somebody else, the file cannot be written, or
                secrets are kept elsewhere and cannot be written there.
        """
        with self._locked():
            document = self._parsed()
            if document is None:
                document = {}
                self._keep_copy()
            before = json.dumps(document, sort_keys=True)
            yield document
            if json.dumps(document, sort_keys=True) == before:
                return
            if self._secrets is not None:
                self._secrets.take(document, json.loads(before))
            document.setdefault("version", _VERSION)
            document["updated_at"] = dt.datetime.now(dt.UTC).isoformat()
            try:
                replace_text(self._path, json.dumps(document, indent=2) + "\n")
            except OSError as error:
                raise ConfigError(f"{self._path} cannot be written: {error}") from error
            self._seen = None

    def _parsed(self) -> Document | None:
        """The content; None if there is a file that holds something else."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("%s cannot be read, so it counts as empty: %s", self._path, error)
            return None
        if not isinstance(found, dict):
            _log.warning("%s holds no JSON object, so it counts as empty", self._path)
            return None
        if self._secrets is not None:
            self._secrets.fill(found)
        return found

    def _keep_copy(self) -> None:
        copy = self._path.with_name(f"{self._path.name}.broken-{time.time_ns()}")
        try:
            self._path.replace(copy)
        except OSError as error:
            raise ConfigError(f"{self._path} is broken and cannot be moved: {error}") from error
        _log.warning("the unreadable %s is kept as %s", self._path, copy.name)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(
                self._path.with_name("auth.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE
            )
        except OSError as error:
            raise ConfigError(
                f"{self._path} cannot be changed: {error.strerror or error}"
            ) from error
        try:
            while not _taken(lock):
                if time.monotonic() > deadline:
                    raise ConfigError(
                        f"Another program holds {self._path.name}.",
                        hint="Try again in a moment.",
                    )
                time.sleep(_POLL_S)
            yield
        finally:
            os.close(lock)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
