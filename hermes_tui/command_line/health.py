"""What `hermes doctor` looks at: each check returns findings and changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from hermes_core.config.loader import LoadedSettings
from hermes_core.errors import ConfigError, HermesError, NoModelConfigured
from hermes_core.paths import Home
from hermes_core.providers.logins.oauth_app import log_in_command
from hermes_core.storage.database import is_full
from hermes_core.storage.filesystem import mounts, network_filesystem

State = Literal["ok", "warn", "bad"]
DISTRIBUTION = "hermes-tui"
_LARGE_WAL_MB = 64


class Finding(Struct, frozen=True):
    """One line of the report."""

    section: str
    state: State
    text: str
    fix: str = ""
    """What to do about it; empty when nothing has to be done."""
    mend: Callable[[], None] | None = None
    """What `--fix` calls."""


class Surroundings(Struct, frozen=True):
    """What the checks look at; tests pass their own."""

    home: Home
    loaded: LoadedSettings
    environ: Mapping[str, str]
    find_program: Callable[[str], str | None] = shutil.which
    version: tuple[int, ...] = sys.version_info[:3]


def examine(around: Surroundings) -> list[Finding]:
    """Run every check."""
    checks = (_python, _packages, _config, _home, _databases, _programs, _model, _logins, _unasked)
    return [finding for check in checks for finding in check(around)]


def _python(around: Surroundings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in around.version)
    if around.version >= (3, 11):
        yield Finding("Python", "ok", f"Python {version}")
    else:
        yield Finding("Python", "bad", f"Python {version} is too old", "Install 3.11 or newer.")
    if sys.prefix == sys.base_prefix:
        yield Finding("Python", "warn", "no virtual environment", "Install with uv tool or pipx.")


def _packages(around: Surroundings) -> Iterator[Finding]:
    try:
        wanted = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("Packages", "bad", f"{DISTRIBUTION} is not installed", "Install it again.")
        return
    missing = []
    for line in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name is None or "extra ==" in line:
            continue
        try:
            importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            missing.append(name[0])
    if missing:
        yield Finding("Packages", "bad", f"missing: {', '.join(missing)}", "Install hermes again.")
    else:
        yield Finding("Packages", "ok", "all required packages are there")


def _config(around: Surroundings) -> Iterator[Finding]:
    home = around.home
    for file in (home.config_file, home.env_file, home.auth_file):
        if not file.exists() and file == home.auth_file:
            continue
        if not file.exists():
            yield Finding(
                "Files", "warn", f"{file} does not exist", "hermes doctor --fix", _maker(file)
            )
        elif stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding(
                "Files", "warn", f"others can read {file}", "hermes doctor --fix", _closer(file)
            )
        else:
            yield Finding("Files", "ok", str(file))
    for warning in around.loaded.warnings:
        state: State = "bad" if warning.kind == "syntax" else "warn"
        yield Finding("Files", state, str(warning), "hermes config edit")


def _maker(file: Path) -> Callable[[], None]:
    return lambda: file.touch(mode=0o600)


def _closer(file: Path) -> Callable[[], None]:
    return lambda: file.chmod(0o600)


def _home(around: Surroundings) -> Iterator[Finding]:
    home = around.home
    if not home.root.is_dir():
        yield Finding(
            "Home", "warn", f"{home.root} does not exist", "hermes doctor --fix", home.create
        )
        return
    if not os.access(home.root, os.W_OK | os.X_OK):
        yield Finding("Home", "bad", f"{home.root} cannot be written", f"chmod u+rwx {home.root}")
    elif is_full(home.root):
        yield Finding("Home", "bad", f"the disk with {home.root} is full", "Free some space.")
    else:
        yield Finding("Home", "ok", f"{home.root} can be written")
    kind = network_filesystem(home.root, mounts())
    if kind:
        yield Finding(
            "Home",
            "bad",
            f"{home.root} lies on {kind}, where SQLite cannot lock",
            "Set HERMES_HOME to a local disk.",
        )
    else:
        yield Finding("Home", "ok", "it lies on a local disk")


def _databases(around: Surroundings) -> Iterator[Finding]:
    root = around.home.root
    has_place = root.is_dir() and os.access(root, os.W_OK | os.X_OK) and not is_full(root)
    for file, remedy in (
        (around.home.database, "Restore it from a backup."),
        (around.home.search_database, f"Delete {around.home.search_database}; it is rebuilt."),
    ):
        if not file.exists():
            yield Finding("Store", "ok", f"{file.name} is not there yet")
            continue
        problem = _integrity(file)
        if problem and not has_place:  # which says nothing about the file itself
            text = f"{file.name} could not be looked at: {problem}"
            yield Finding("Store", "warn", text, "Mend the home first.")
        elif problem:
            yield Finding("Store", "bad", f"{file}: {problem}", remedy)
        else:
            yield Finding("Store", "ok", f"{file.name} is sound")
        wal = file.with_name(f"{file.name}-wal")
        if wal.exists() and wal.stat().st_size > _LARGE_WAL_MB << 20:
            size = wal.stat().st_size >> 20
            yield Finding(
                "Store", "warn", f"{wal.name} is {size} MB", "hermes doctor --fix", _folder(file)
            )


def _integrity(file: Path) -> str:
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else str(answer)


def _folder(file: Path) -> Callable[[], None]:
    def fold() -> None:
        connection = sqlite3.connect(file, timeout=5)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    return fold


def _programs(around: Surroundings) -> Iterator[Finding]:
    for name, loss in (("git", "no checkpoints"), ("rg", "slower search in files")):
        place = around.find_program(name)
        if place:
            yield Finding("Programs", "ok", f"{name}: {place}")
        else:
            yield Finding("Programs", "warn", f"{name} is missing: {loss}", f"Install {name}.")


def _model(around: Surroundings) -> Iterator[Finding]:
    problem = _model_problem(around)
    if isinstance(problem, ConfigError):
        yield Finding("Model", "bad", str(problem), problem.hint)
        return
    described = model_described(around.home, around.loaded)
    if described:
        yield Finding("Model", "ok", described)
    else:
        yield Finding(
            "Model",
            "warn",
            "no model configured",
            "hermes setup asks for what is needed, step by step",
        )


def _model_problem(around: Surroundings) -> HermesError | None:
    """Why nothing can be asked with these settings; None if something can."""
    from hermes_core.providers.keys.kept import open_pools  # measured: as below
    from hermes_core.providers.resolve import resolve  # measured: as below

    loaded = around.loaded
    pools = open_pools(around.home, loaded, environ=around.environ)
    try:
        resolve(loaded.settings, loaded.secrets, stored=pools)
    except (ConfigError, NoModelConfigured) as problem:
        return problem
    return None


def _logins(around: Surroundings) -> Iterator[Finding]:
    from hermes_core.providers.keys.kept import open_pools  # measured: as below

    pools = open_pools(around.home, around.loaded, environ=around.environ)
    for provider in pools.providers():
        for entry in pools.entries(provider):
            what = f"{entry.label} of {provider}"
            if entry.is_out_of_reach:
                fix = "Unlock it, or install the extra: pip install 'hermes-tui[keyring]'"
                yield Finding("Logins", "warn", f"the keyring does not give {what}", fix)
            elif entry.is_login and entry.is_over:
                fix = log_in_command(provider)
                yield Finding("Logins", "warn", f"the login {what} has ended", fix)
            elif entry.is_login:
                yield Finding("Logins", "ok", what)


def model_described(home: Home, loaded: LoadedSettings) -> str:
    """Say which model is configured; empty when none is."""
    model = loaded.settings.model
    if model.base_url:
        return f"{model.default or 'the model served'} at {model.base_url}"
    if model.provider not in ("", "auto"):
        return f"{model.default or 'default model'} of {model.provider}"
    names = known_key_names(loaded)
    if names:
        return f"{model.default or 'default model'} with {', '.join(names)}"
    kept = _kept(home, loaded)
    return f"{model.default or 'default model'} of {kept}, by what is in auth.json" if kept else ""


def _kept(home: Home, loaded: LoadedSettings) -> str:
    """The provider that `auto` takes because of what is in `auth.json`."""
    from hermes_core.providers.keys.kept import open_pools  # measured: as below
    from hermes_core.providers.records import records  # measured: as below

    pools = open_pools(home, loaded)
    return next((name for name in (pools.active(), *records()) if pools.keys(name)), "")


def known_key_names(loaded: LoadedSettings) -> list[str]:
    """Names of the model keys that are set, in the environment or in `.env`."""
    from hermes_core.providers.records import records  # measured: only reports need the table

    names: dict[str, None] = {}
    for record in records().values():
        names.update(dict.fromkeys(record.key_env))
    return [name for name in names if loaded.secrets.get(name)]


def _unasked(around: Surroundings) -> Iterator[Finding]:
    allowed = around.loaded.settings.network.models_dev
    offline = around.environ.get("HERMES_OFFLINE", "").strip() not in ("", "0")
    word = "stopped by HERMES_OFFLINE" if offline else "allowed" if allowed else "off"
    text = f"model catalogue: {word} (network.models_dev)"
    yield Finding("Calls nobody asked for", "ok", text)


def mended(findings: Iterable[Finding]) -> list[str]:
    """Do what can be done by itself; returns a line for each thing done.

    Raises:
        OSError: A file cannot be changed.
    """
    done = []
    for finding in findings:
        if finding.mend is not None:
            finding.mend()
            done.append(f"mended: {finding.text}")
    return done
