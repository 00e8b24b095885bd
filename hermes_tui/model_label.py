"""How a model is called where room is short."""

from __future__ import annotations

from pathlib import PurePath

_FILE = ".gguf"


def model_label(model: str) -> str:
    """Return the id; of a model file its name without folder and ending."""
    return PurePath(model).stem if model.lower().endswith(_FILE) else model
