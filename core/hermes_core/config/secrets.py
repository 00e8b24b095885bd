"""Keys and passwords by name, in one order of precedence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_SECRET_NAMES = frozenset({"SUDO_PASSWORD", "FAL_KEY", "WEBHOOK_SECRET", "MODAL_TOKEN_SECRET"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_secret_name(key: str) -> bool:
    """Whether a name is a variable of `.env` rather than a key of `config.yaml`."""
    name = key.upper()
    return _VARIABLE.fullmatch(key) is not None and (
        name in _SECRET_NAMES
        or name.endswith(("_API_KEY", "_TOKEN"))
        or name.startswith("TERMINAL_SSH")
    )


class Secrets:
    """Looks a name up in the process environment, then in `.env`.

    An exported variable that is empty counts as absent, so that `NAME= hermes`
    does not hide a key of the file.
    """

    def __init__(self, environ: Mapping[str, str], env_file: Mapping[str, str]) -> None:
        self._sources = (("environment", environ), (".env", env_file))

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value, or the default when it is nowhere."""
        for _source, values in self._sources:
            value = values.get(name, "").strip()
            if value:
                return value
        return default

    def first(self, *names: str) -> tuple[str, str] | None:
        """Return `(name, value)` of the first name that has a value."""
        for name in names:
            value = self.get(name)
            if value:
                return name, value
        return None

    def source(self, name: str) -> str | None:
        """Say where a value comes from: `environment` or `.env`."""
        for source, values in self._sources:
            if values.get(name, "").strip():
                return source
        return None

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Names in `.env`; the environment is not ours to list."""
        return iter(self._sources[1][1])
