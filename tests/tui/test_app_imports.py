"""What the program's module loads before the first paint."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.ac("app-light-imports")
def test_the_app_module_loads_no_model_sdk_and_no_settings_library() -> None:
    heavy = ("openai", "anthropic", "pydantic", "yaml", "ruamel.yaml", "httpx")
    code = f"import sys, hermes_tui.app; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
