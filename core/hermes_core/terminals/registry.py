"""Finds the backend a setting names."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

import hermes_core.terminals as terminals_package
from hermes_core.terminals.base import Terminal, TerminalOptions, TerminalUnavailable


def open_terminal(backend: str, options: TerminalOptions) -> Terminal:
    """Return a new terminal of the named backend. Starts nothing yet.

    Raises:
        TerminalUnavailable: There is no such backend, or it lacks what it needs.
    """
    known = {module.name for module in pkgutil.iter_modules(terminals_package.__path__)}
    if backend in known:
        # found by name: a backend's SDK is loaded only where it is used
        module = importlib.import_module(f"{terminals_package.__name__}.{backend}")
        factory = getattr(module, "open_terminal", None)
        if factory is not None and module.__name__ != __name__:
            return cast(Terminal, factory(options))
    raise TerminalUnavailable(
        f"the terminal backend {backend} is not part of this version",
        hint="hermes config set terminal.backend local",
    )
