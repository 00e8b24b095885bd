"""A model file as the settings name it, and whether it can be used here."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from hermes_core.errors import ConfigError
from hermes_core.paths import expanded
from hermes_core.providers.local.gguf import window_of_file

LIBRARY = "xllamacpp"
USUAL_WINDOW_TOKENS = 32_768
"""Most that is taken without being asked for: the window costs memory."""
SUFFIX = ".gguf"


class LocalPlace(Struct, frozen=True, kw_only=True):
    """A model file and how it is run."""

    path: Path
    window_tokens: int
    threads: int | None = None
    """Processor threads; None: one for each core."""
    python: str = sys.executable
    """The interpreter of the process that runs the model; it has the library."""


def is_model_file(text: str) -> bool:
    """Whether a text names an existing model file."""
    return text.lower().endswith(SUFFIX) and _expanded(text).is_file()


def place_of(name: str, *, window: int | None, threads: int | None) -> LocalPlace:
    """Return the place of a model file.

    Args:
        name: Its path; `~` is expanded.
        window: The context size that was written down, in tokens.
        threads: Processor threads that were written down.

    Raises:
        ConfigError: No file is named, it cannot be read, or the library is missing.
    """
    if not name:
        raise ConfigError(
            "No model file is named.",
            hint="Name a GGUF file with --model or `hermes config set model.default /path/to.gguf`.",
        )
    path = _expanded(name)
    own = window_of_file(path)
    if find_spec(LIBRARY) is None:
        raise library_missing()
    return LocalPlace(
        path=path,
        window_tokens=window or min(own or USUAL_WINDOW_TOKENS, USUAL_WINDOW_TOKENS),
        threads=threads,
    )


def library_missing() -> ConfigError:
    """What to say where the extra is not installed."""
    return ConfigError(
        "Model files need llama.cpp, which is not installed.",
        hint="Install it with: pip install 'hermes-tui[local]'",
    )


def _expanded(text: str) -> Path:
    return Path(os.path.abspath(expanded(text)))  # noqa: PTH100  links stay as they are
