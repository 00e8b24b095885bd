"""When and how a prompt is marked for caching."""

from __future__ import annotations

from hermes_core.providers.records import Record


def marks_claude(record: Record, model: str) -> bool:
    """Whether requests to this model at this provider carry cache markers."""
    return record.cache_markers and "claude" in model.lower()


def marker(ttl: str) -> dict[str, str]:
    """The marker object; five minutes is the service's own default and not written."""
    return {"type": "ephemeral"} if ttl == "5m" else {"type": "ephemeral", "ttl": ttl}
