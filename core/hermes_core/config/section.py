"""What every group of settings is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A frozen group of settings; unknown keys are left to the loader to report."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        defer_build=True,
        populate_by_name=True,
        coerce_numbers_to_str=True,
    )


def setting(
    default: Any,
    description: str,
    *,
    env: str | tuple[str, ...] = (),
    secret: bool = False,
    **limits: Any,
) -> Any:
    """Declare one key.

    Args:
        default: Value when nothing else says; mappings are copied for each model,
            a class is called (its group is then built when first needed).
        description: One line for the reference page and the settings screen.
        env: Environment variables that set it, the first one wins.
        secret: Shown masked everywhere.
        **limits: pydantic's own (`ge`, `le`, …).
    """
    names: list[Any] = [env] if isinstance(env, str) else list(env)
    limits["json_schema_extra"] = {"env": names, "secret": secret}
    if isinstance(default, type):
        return Field(default_factory=default, description=description, **limits)
    return Field(default, description=description, **limits)


def word(*, yes: str = "on", no: str = "off") -> BeforeValidator:
    """Read YAML's `on`, `off`, `true`, `false` as words, and words in any case."""
    return BeforeValidator(_as_word(yes, no))


def _as_word(yes: str, no: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, bool):
            return yes if value else no
        return value.strip().lower() if isinstance(value, str) else value

    return convert


def _as_items(value: Any) -> Any:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


COMMA_LIST = BeforeValidator(_as_items)
"""Accepts a list, or one string with commas."""
