"""The actions that open the registered screens."""

from __future__ import annotations

from hermes_tui.screens.screen import SCREEN_REGISTRY, action_of

ACTIONS = tuple(action_of(spec) for spec in SCREEN_REGISTRY.all())
