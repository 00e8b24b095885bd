"""The commands that open the registered screens."""

from __future__ import annotations

from hermes_tui.screens.screen import SCREEN_REGISTRY, command_of

COMMANDS = tuple(command_of(spec) for spec in SCREEN_REGISTRY.all() if spec.command)
