"""Writing a text where a person wants it."""

from __future__ import annotations

from pathlib import Path

from hermes_core.errors import HermesError


def write_text(target: Path, text: str, *, anew: bool = False) -> None:
    """Write a file; one that is there stays as it is, unless it is written anew. Blocking.

    Raises:
        HermesError: It is there already, or cannot be written.
    """
    try:
        with target.open("w" if anew else "x", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except FileExistsError as error:
        raise HermesError(f"{target.name} is there already", hint="name another file") from error
    except OSError as error:
        raise HermesError(f"{target} cannot be written: {error.strerror}") from error
