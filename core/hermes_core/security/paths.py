"""Which paths file tools may read and write, and which places commands must ask for.

`Places` judges a path by its text alone, for the command guard. `PathRules` resolves
links on the disk first and refuses, for file tools. Both share one table, because a
rule in one tool only is no boundary.

Source: terminal-security, "Path safety for file tools".
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath
from typing import Literal

from msgspec import Struct

from hermes_core.errors import ToolBlocked
from hermes_core.paths import expanded

Concern = Literal["credential", "control", "system", "startup", "device"]
"""Keys and logins; our own settings and state; the system's files; files a shell or
package tool runs or reads at start; disks."""

_CREDENTIAL_TREES = (
    ".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".config/gh", ".config/gcloud",
    ".local/share/keyrings", ".local/share/python_keyring", "library/keychains",
)  # fmt: skip
_CREDENTIAL_FILES = (
    ".netrc", ".pgpass", ".git-credentials", ".config/git/credentials", ".claude/.credentials.json",
    ".codex/auth.json", ".gemini/oauth_creds.json", ".qwen/oauth_creds.json",
)  # fmt: skip
_STARTUP_FILES = (
    ".bashrc", ".zshrc", ".profile", ".bash_profile", ".bash_login", ".bash_logout", ".zprofile",
    ".zshenv", ".zlogin", ".npmrc", ".pypirc", ".gitconfig", ".config/fish/config.fish",
)  # fmt: skip
_STARTUP_TREES = (".config/systemd", ".config/autostart", "library/launchagents")
_CONTROL_NAMES = frozenset(
    {
        ".env", "config.yaml", "auth.json", "pairing", "mcp-tokens", "webhook_subscriptions.json",
        "cron", "hermes.db", "search.db", "state.db", "checkpoints",
    }
)  # fmt: skip
_SECRET_CONTROL_NAMES = frozenset({".env", "auth.json", "pairing", "mcp-tokens"})
_SYSTEM_TREES = (
    "/etc", "/boot", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/private/etc", "/private/var",
    "/library/launchdaemons", "/system", "/var/spool/cron",
)  # fmt: skip
_UNDER_SYSTEM_BUT_FREE = ("/private/var/folders", "/private/var/tmp", "/usr/local", "/usr/src")
_DENIED_SYSTEM = ("/etc", "/boot", "/usr/lib/systemd", "/private/etc", "/private/var")
_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")
_DEVICE = re.compile(
    r"/dev/(?:(?:sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|loop|md|dm-|sr|ram|zram)[a-z0-9]|mapper/|disk/|mem$|kmem$|port$)"
)
_STREAMS = re.compile(
    r"/dev/(?:zero|random|urandom|full|stdin|tty|console|stdout|stderr|fd/[0-2])"
    r"|/proc/[^/]+/(?:fd/[0-2]|environ|mem|task/[^/]+/(?:environ|mem))"
)
_PROC_ROOT = re.compile(r"/proc/(?:self|thread-self|\d+)/root(?=/|$)")
_ENV_FILE = re.compile(r"\.env(?:\.(?!example$|sample$|template$|dist$)[\w.-]+)?")


def _inside(path: str, tree: str) -> bool:
    return path == tree or path.startswith(tree.rstrip("/") + "/")


class Places(Struct, frozen=True):
    """The table of places, for one user.

    Args:
        home: The user's home folder, absolute.
        data_home: Our own data folder, absolute.
    """

    home: str
    data_home: str

    def concern(self, path: str) -> Concern | None:
        """Return why changing `path` needs care, or None. `path` is absolute and normal."""
        path = _PROC_ROOT.sub("", path) or "/"
        if _DEVICE.match(path):
            return "device"
        folded = path.casefold()
        in_data = self._in_data(folded)
        if in_data and self._is_control(in_data):
            return "control"
        in_home = self._in_home(folded)
        if in_home is not None:
            if any(_inside(in_home, tree) for tree in _CREDENTIAL_TREES):
                return "credential"
            if in_home in _CREDENTIAL_FILES:
                return "credential"
            if in_home in _STARTUP_FILES or any(_inside(in_home, t) for t in _STARTUP_TREES):
                return "startup"
        if path in _SOCKETS or (
            any(_inside(folded, tree) for tree in _SYSTEM_TREES)
            and not any(_inside(folded, tree) for tree in _UNDER_SYSTEM_BUT_FREE)
        ):
            return "system"
        return "startup" if _ENV_FILE.fullmatch(PurePosixPath(folded).name) else None

    def is_secret(self, path: str) -> bool:
        """Whether reading `path` shows keys or logins."""
        path = _PROC_ROOT.sub("", path) or "/"
        folded = path.casefold()
        name = PurePosixPath(folded).name
        in_data = self._in_data(folded)
        if in_data and _control_name(in_data) in _SECRET_CONTROL_NAMES:
            return True
        in_home = self._in_home(folded)
        if in_home is not None and (
            any(_inside(in_home, tree) for tree in _CREDENTIAL_TREES)
            or in_home in _CREDENTIAL_FILES
            or in_home in (".npmrc", ".pypirc")
        ):
            return not (name.endswith(".pub") or name == "known_hosts")
        return (
            name in ("id_rsa", "id_ed25519", "id_ecdsa", "id_dsa")
            or _inside(folded, "/etc/shadow")
            or _inside(folded, "/etc/sudoers")
            or _ENV_FILE.fullmatch(name) is not None
        )

    def in_hub_cache(self, path: str) -> bool:
        """Whether `path` is downloaded skill text nobody has vetted."""
        in_data = self._in_data(path.casefold())
        return bool(in_data) and _inside(_without_profile(in_data), "skills/.hub")

    def _in_data(self, folded: str) -> str:
        root = self.data_home.casefold().rstrip("/") + "/"
        return folded[len(root) :] if folded.startswith(root) else ""

    def _in_home(self, folded: str) -> str | None:
        root = self.home.casefold().rstrip("/") + "/"
        return folded[len(root) :] if folded.startswith(root) else None

    @staticmethod
    def _is_control(in_data: str) -> bool:
        first = re.sub(r"(\.db)-(?:wal|shm|journal)$", r"\1", _control_name(in_data))
        return first in _CONTROL_NAMES or _inside(_without_profile(in_data), "skills/.hub")


def _control_name(in_data: str) -> str:
    """The first name below the folder; for copies of keys and logins that of the original."""
    first = _without_profile(in_data).split("/")[0]
    return re.sub(r"^\.?(auth\.json|\.env)\..+$", r"\1", first)


def _without_profile(in_data: str) -> str:
    parts = in_data.split("/")
    return "/".join(parts[2:]) if parts[0] == "profiles" and len(parts) > 2 else in_data


class WriteRuling(Struct, frozen=True):
    """The answer for one path to be written."""

    path: Path
    """Resolved."""
    ask: str = ""
    """One plain line saying why the person must agree; empty if they need not."""


class PathRules:
    """Path rules of one session.

    Args:
        home: The user's home folder.
        data_home: Our data folder (`Home.root`).
        safe_root: `HERMES_WRITE_SAFE_ROOT`: writes outside are refused.
    """

    def __init__(self, *, home: Path, data_home: Path, safe_root: Path | None = None) -> None:
        self._given = Places(str(home), str(data_home))
        self._real = Places(str(home.resolve()), str(data_home.resolve()))
        self._safe_root = expanded(safe_root).resolve() if safe_root else None

    @property
    def places(self) -> Places:
        """The table with the folders as they were given."""
        return self._given

    def readable(self, path: Path) -> Path:
        """Return the resolved path.

        Raises:
            ToolBlocked: Credentials, unvetted skill text, devices, pipes, other
                processes' memory.
        """
        literal, real = _both_ways(path)
        for text in (literal, str(real)):
            if _STREAMS.fullmatch(text) or _DEVICE.match(text):
                raise ToolBlocked(f"Read denied: '{path}' is a device or a process's own stream.")
            for places in (self._given, self._real):
                if places.is_secret(text):
                    raise ToolBlocked(f"Read denied: '{path}' is a protected credential file.")
                if places.in_hub_cache(text):
                    raise ToolBlocked(f"Read denied: '{path}' is unvetted skill text.")
        _refuse_special(path, real, "Read")
        return real

    def writable(self, path: Path, *, verb: str = "Write") -> WriteRuling:
        """Return the resolved path and whether the person must agree.

        Args:
            path: Absolute.
            verb: `Write`, `Delete` or `Move`, for the message.

        Raises:
            ToolBlocked: The path is closed to writing.
        """
        literal, real = _both_ways(path)
        asks = ""
        for text in (literal, str(real)):
            for places in (self._given, self._real):
                match places.concern(text):
                    case "credential" | "control" | "device":
                        raise ToolBlocked(
                            f"{verb} denied: '{path}' is a protected system/credential file."
                        )
                    case "system":
                        if text in _SOCKETS or any(_inside(text, t) for t in _DENIED_SYSTEM):
                            raise ToolBlocked(
                                f"Refusing to write to sensitive system path: {path}.",
                                hint="Use the terminal with sudo if this is really wanted.",
                            )
                        asks = "changes a file of the system"
                    case "startup":
                        asks = "changes a file that shells or tools load by themselves"
                    case None:
                        pass
        _refuse_special(path, real, verb)
        if self._safe_root is not None and not real.is_relative_to(self._safe_root):
            raise ToolBlocked(f"{verb} denied: '{path}' is outside {self._safe_root}.")
        return WriteRuling(real, asks)


def _both_ways(path: Path) -> tuple[str, Path]:
    literal = "/" + os.path.normpath(path.absolute()).lstrip("/")
    try:
        return literal, Path(literal if ".." not in path.parts else path).resolve()
    except (OSError, RuntimeError) as error:
        raise ToolBlocked(f"'{path}' cannot be resolved: {error}") from error


def _refuse_special(path: Path, real: Path, verb: str) -> None:
    try:
        mode = real.stat().st_mode
    except (OSError, ValueError):
        return  # what does not exist is for the caller to report
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ToolBlocked(f"{verb} denied: '{path}' is no ordinary file.")
