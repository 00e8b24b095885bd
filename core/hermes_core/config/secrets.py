"""Keys and passwords by name, in one order of precedence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


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
