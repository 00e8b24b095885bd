"""Log files: where they are, how a line looks, secrets masked once at the border.

`agent.log` takes everything from the configured level on, `errors.log` warnings and
worse. A line: `2026-01-31 12:00:00,123 INFO [session] logger: message`.
"""

from __future__ import annotations

import gzip
import logging
import shutil
import sys
from collections.abc import Callable
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path

from hermes_core.config.loader import LoadedSettings
from hermes_core.config.secrets import is_secret_name
from hermes_core.paths import Home
from hermes_core.security.redaction import Redactor, redact

session_tag: ContextVar[str] = ContextVar("session_tag", default="")
"""The conversation at work here; written into each line of its tasks."""

AGENT_LOG, ERRORS_LOG = "agent.log", "errors.log"
_CHATTY = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "openai",
    "anthropic",
    "urllib3",
    "asyncio",
    "markdown_it",
    "uvicorn",
    "watchfiles",
)
_ERRORS_BYTES, _ERRORS_KEPT = 2 * 1024 * 1024, 2


class LineFormatter(logging.Formatter):
    """One line a record (and its traceback), with the session, secrets masked."""

    def __init__(self, redact_text: Callable[[str], str] = redact) -> None:
        super().__init__("%(asctime)s %(levelname)s %(session)s%(name)s: %(message)s")
        self._redact = redact_text

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished text."""
        tag = session_tag.get()
        record.session = f"[{tag}] " if tag else ""
        return self._redact(super().format(record))


class PrivateFileHandler(RotatingFileHandler):
    """A rotating file only its owner can read; turned-over files are compressed."""

    def __init__(self, path: Path, *, max_bytes: int, kept: int) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8", delay=True)
        self.namer = lambda name: f"{name}.gz"
        self.rotator = _compress

    def _open(self) -> object:  # type: ignore[override]  # the base names a narrower stream
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()


def _compress(source: str, target: str) -> None:
    with Path(source).open("rb") as plain, gzip.open(target, "wb") as packed:
        shutil.copyfileobj(plain, packed)
    Path(target).chmod(0o600)
    Path(source).unlink()


def start_logging_as_set(
    home: Home, loaded: LoadedSettings, *, verbose: bool = False, console: bool = False
) -> Callable[[], None]:
    """Start logging as the settings say; every value of `.env` that is a secret is masked.

    What was wrong with the settings is the first thing logged.

    Args:
        home: Its `logs` folder is made.
        loaded: Level, sizes, whether secrets are masked, and the secrets themselves.
        verbose: Log from DEBUG on, whatever the settings say.
        console: Also write to the error stream; never while a screen is drawn.

    Returns:
        Stops it again and closes the files.

    Raises:
        OSError: The folder cannot be made.
    """
    chosen = loaded.settings.logging
    known = [value for name, value in loaded.env.values.items() if is_secret_name(name)]
    redactor = Redactor(known, enabled=loaded.settings.security.redact_secrets)
    stop = start_logging(
        home,
        level="DEBUG" if verbose or loaded.settings.agent.verbose else chosen.level,
        max_size_mb=chosen.max_size_mb,
        kept=chosen.backup_count,
        redact_text=redactor.redact,
        console=console,
    )
    for warning in loaded.warnings:
        logging.getLogger(__name__).warning("%s", warning)
    return stop


def start_logging(
    home: Home,
    *,
    level: str = "INFO",
    max_size_mb: int = 5,
    kept: int = 3,
    redact_text: Callable[[str], str] = redact,
    console: bool = False,
) -> Callable[[], None]:
    """Send the root logger to the home's files.

    Args:
        home: Its `logs` folder is made.
        level: Least important level of `agent.log`.
        max_size_mb: `agent.log` is turned over at this size.
        kept: Older files kept.
        redact_text: Masks secrets; identity when the user switched masking off.
        console: Also write to the error stream; never while a screen is drawn.

    Returns:
        Stops it again and closes the files.

    Raises:
        OSError: The folder cannot be made.
    """
    home.create()
    home.logs.mkdir(mode=0o700, exist_ok=True)
    formatter = LineFormatter(redact_text)
    agent = PrivateFileHandler(home.logs / AGENT_LOG, max_bytes=max_size_mb << 20, kept=kept)
    agent.setLevel(level)
    errors = PrivateFileHandler(home.logs / ERRORS_LOG, max_bytes=_ERRORS_BYTES, kept=_ERRORS_KEPT)
    errors.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [agent, errors]
    if console:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    before = root.level
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(min(logging.getLevelNamesMapping()[level], logging.WARNING))
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)

    def stop() -> None:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()

    return stop
