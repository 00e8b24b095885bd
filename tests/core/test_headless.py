"""What runs without a screen loads nothing that draws."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import hermes_core


def headless_modules() -> list[str]:
    """The composition root and every door without a screen."""
    doors = ("hermes_core.host", "hermes_core.servers", "hermes_core.gateway")
    found = pkgutil.walk_packages(hermes_core.__path__, "hermes_core.")
    return [module.name for module in found if module.name.startswith(doors)]


@pytest.mark.ac("headless-imports")
def test_the_host_and_the_servers_load_nothing_that_draws() -> None:
    names = headless_modules()
    code = f"import sys, {', '.join(names)}\nprint(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=50
    )

    assert "hermes_core.host" in names
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "hermes_core" in loaded
    assert loaded & {"textual", "rich", "prompt_toolkit", "hermes_tui", "hermes_widgets"} == set()
