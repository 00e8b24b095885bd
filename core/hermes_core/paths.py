"""Where things live: the home of the user's data, the runtime and cache folders.

Home: `HERMES_HOME`, else `~/.hermes`. Sockets and caches go where platformdirs
says. Nothing here creates a folder unless its name says so.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from hermes_core.errors import ConfigError

APP_NAME = "hermes-tui"


def expanded(path: str | Path) -> Path:
    """Return a path with its `~` or `~user` put in; one of a user who is not there stays."""
    # Not of pathlib, which raises then: people, models and files name what they like.
    return Path(os.path.expanduser(path))  # noqa: PTH111  see above


class Home(Struct, frozen=True):
    """The user's data folder and the names inside it."""

    root: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Home:
        """Return the home named by the environment, without touching the disk."""
        environ = os.environ if environ is None else environ
        named = environ.get("HERMES_HOME", "").strip()
        if named:
            return cls(expanded(named).absolute())
        return cls(Path(environ.get("HOME") or Path.home()) / ".hermes")

    @property
    def config_file(self) -> Path:
        """Settings, shared with other programs that know this home."""
        return self.root / "config.yaml"

    @property
    def env_file(self) -> Path:
        """Secrets as `KEY=value` lines."""
        return self.root / ".env"

    @property
    def auth_file(self) -> Path:
        """Logins and key pools."""
        return self.root / "auth.json"

    @property
    def soul_file(self) -> Path:
        """The agent's identity in the user's words."""
        return self.root / "SOUL.md"

    @property
    def database(self) -> Path:
        """The conversation store."""
        return self.root / "hermes.db"

    @property
    def search_database(self) -> Path:
        """The full-text index; may be deleted, is rebuilt."""
        return self.root / "search.db"

    @property
    def reference_database(self) -> Path:
        """The older program's store, opened read-only."""
        return self.root / "state.db"

    @property
    def logs(self) -> Path:
        """Log files and crash reports."""
        return self.root / "logs"

    @property
    def skills(self) -> Path:
        """Installed skills."""
        return self.root / "skills"

    @property
    def memories(self) -> Path:
        """Built-in memory files."""
        return self.root / "memories"

    @property
    def checkpoints(self) -> Path:
        """Snapshots of files before changes."""
        return self.root / "checkpoints"

    @property
    def spills(self) -> Path:
        """Tool results too long for the model, by session."""
        return self.root / "spills"

    @property
    def request_dumps(self) -> Path:
        """Model requests that failed; an older program keeps conversations there."""
        return self.root / "sessions"

    @property
    def input_history(self) -> Path:
        """What was typed, newest last."""
        return self.root / ".hermes_history"

    @property
    def images(self) -> Path:
        """Pictures that were pasted."""
        return self.root / "images"

    @property
    def pastes(self) -> Path:
        """Long texts that were pasted."""
        return self.root / "pastes"

    @property
    def unfinished(self) -> Path:
        """Tabs and drafts of runs that live, or ended early."""
        return self.root / "unfinished"

    def create(self) -> None:
        """Make the home, readable by its owner alone.

        Raises:
            ConfigError: `HERMES_HOME_MODE` is no mode.
            OSError: The place cannot be written.
        """
        wanted = os.environ.get("HERMES_HOME_MODE") or "700"
        try:
            mode = int(wanted, 8)
        except ValueError as error:
            text = f"HERMES_HOME_MODE should be octal digits such as 700, not {wanted!r}."
            raise ConfigError(text) from error
        self.root.mkdir(mode=mode, parents=True, exist_ok=True)


def runtime_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for sockets, made private (0700) if it was missing.

    The platform's runtime folder where the system has one, else a folder of this user
    under the temporary directory; also when the path would make a socket's name longer
    than the 100 bytes that fit.

    Raises:
        OSError: Neither place can be used, or somebody else made the second one.
    """
    environ = os.environ if environ is None else environ
    preferred = _platform_runtime(environ.get("XDG_RUNTIME_DIR", ""))
    if preferred is not None and len(str(preferred).encode()) <= 60 and _made_private(preferred):
        return preferred
    import tempfile  # measured: not needed before the first session is owned

    fallback = Path(tempfile.gettempdir()) / f"hermes-{os.getuid()}"
    if not _made_private(fallback):
        raise PermissionError(f"{fallback} cannot be used: it is not a private folder of yours")
    return fallback


def _platform_runtime(named: str) -> Path | None:
    """Return our part of the platform's runtime folder; it is private whatever surrounds it.

    platformdirs is not asked on Linux: it warns on the error stream about a runtime folder
    that others may list.
    """
    if sys.platform == "darwin":
        import platformdirs  # measured: not needed before the first session is owned

        return Path(platformdirs.user_runtime_dir(APP_NAME, ensure_exists=False))
    return Path(named) / APP_NAME if named.startswith("/") else None


def _made_private(folder: Path) -> bool:
    """Make the folder if needed; False if it is not a real folder of this user alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
            return False
        folder.chmod(0o700)
    except OSError:
        return False
    return True


def cache_folder() -> Path:
    """Return the folder for what can be fetched again; not created."""
    import platformdirs  # measured: start-up

    return Path(platformdirs.user_cache_dir(APP_NAME))
