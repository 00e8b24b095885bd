"""Arguments of tool calls in the one spelling that keeps prefixes byte-stable."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


@lru_cache(maxsize=4096)
def compact(arguments: str) -> str:
    """Return the JSON text without blanks and with sorted keys.

    Text that is not JSON stays as it is: the history says what the model wrote.
    """
    try:
        return _ENCODER.encode(msgspec.json.decode(arguments)).decode()
    except (msgspec.DecodeError, UnicodeEncodeError):
        return arguments


def parsed(arguments: str) -> dict[str, Any]:
    """Return the arguments as an object; anything else under the key `_raw`."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {"_raw": arguments}
    return value if isinstance(value, dict) else {"_raw": value}
