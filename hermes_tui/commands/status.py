"""`hermes status`: what is set up, in a few lines."""

from __future__ import annotations

import json
from typing import Any

import click

from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_core.security.redaction import mask
from hermes_tui._version import VERSION
from hermes_tui.command_line.health import known_key_names, model_described


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object.")
def command(as_json: bool) -> None:
    """Print home, model, keys (masked) and settings files."""
    home = Home.find()
    loaded = load_settings(home)
    keys = {name: loaded.secrets.get(name, "") or "" for name in known_key_names(loaded)}
    facts: dict[str, Any] = {
        "version": VERSION,
        "home": str(home.root),
        "model": model_described(home, loaded) or "none configured",
        "keys": {
            name: f"{mask(value)} ({loaded.secrets.source(name)})" for name, value in keys.items()
        },
        "terminal": loaded.settings.terminal.backend,
        "approvals": loaded.settings.approvals.mode,
        "warnings": [str(warning) for warning in loaded.warnings],
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for name, value in facts.items():
        for line in _lines(value):
            click.echo(f"{name + ':':<11} {line}")


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name} {text}" for name, text in value.items()] or ["none"]
    return value or ["none"] if isinstance(value, list) else [str(value)]
