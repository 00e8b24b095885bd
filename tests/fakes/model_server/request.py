"""A request as the server saw it, and what makes it refuse one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request. Header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: dict[str, Any]
    raw: bytes
    connection: int
    """Number of the connection it came on, from 1."""

    @property
    def key(self) -> str:
        """The credential it carried, from either header."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        return bearer or self.headers.get("x-api-key", "")


class Refused(Exception):
    """The service answers with an error instead of playing a step.

    Args:
        status: HTTP status.
        message: The service's own words.
        code: `code` (chat, responses) or `type` (messages) of the error object.
        param: What the error is about.
    """

    def __init__(
        self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param


def require(condition: object, message: str, *, param: str | None = None) -> None:
    """Refuse the request unless the condition holds."""
    if not condition:
        raise Refused(message, param=param)
