"""Placeholder until the schema lands."""

from typing import Any


class Settings:
    def __getattr__(self, name: str) -> Any: ...
