"""The ids of conversations."""

from __future__ import annotations

import datetime as dt
import secrets


def new_session_id(moment: float) -> str:
    """Return `YYYYMMDD_HHMMSS_<8 hex>` in local time for a moment, in seconds since the epoch."""
    now = dt.datetime.fromtimestamp(moment, dt.UTC).astimezone()
    return f"{now:%Y%m%d_%H%M%S}_{secrets.token_hex(4)}"
