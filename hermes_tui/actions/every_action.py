"""Every action there is: those of the program, and those that panes bring along."""

from __future__ import annotations

from hermes_tui.actions.action import ACTION_REGISTRY, Action
from hermes_tui.panes.pane import PANE_REGISTRY, PaneSpec


def every_action() -> tuple[Action, ...]:
    """Return actions of panes, whose keys are tried first, then all others."""
    specs = sorted(PANE_REGISTRY.all(), key=lambda spec: spec.number or 10)
    own = tuple(action for spec in specs for action in spec.actions)
    return (*own, *ACTION_REGISTRY.all(), *map(_showing, specs))


def find_action(action_id: str) -> Action | None:
    """Return the action of that id."""
    return next((action for action in every_action() if action.id == action_id), None)


def ranked_actions() -> list[Action]:
    """Return every action, what people want first at the top."""
    return sorted(every_action(), key=lambda action: action.rank)


def _showing(spec: PaneSpec) -> Action:
    number = (f"alt+{spec.number}",) if spec.number else ()
    return Action(
        id=f"pane.{spec.id}",
        label=spec.label or spec.title,
        rank=spec.rank,
        keys=",".join([*number, *spec.keys]),
        footer=spec.footer,
        run=spec.open,
    )
