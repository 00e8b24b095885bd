"""How long a request may take."""

from __future__ import annotations

from msgspec import Struct


class Timeouts(Struct, frozen=True, kw_only=True):
    """Limits of one request, in seconds. The engine's own stale timer comes on top."""

    connect_s: float = 30.0
    """To get a connection, waiting for a free one included."""
    read_s: float = 120.0
    """Between two packets; as long as the whole call for a local server."""
    whole_s: float = 1800.0
    """From sending to the end."""
    stale_s: float | None = None
    """Without anything of the reply, comments aside; None leaves it to the engine."""
