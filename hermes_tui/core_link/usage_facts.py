"""What was used, read from the core: one conversation, or all of them over days."""

from __future__ import annotations

import datetime as dt

from hermes_core.agent.context_shares import context_shares
from hermes_core.host import Host
from hermes_core.insights import Insights, insights, since
from hermes_core.storage.store import Store
from hermes_core.timeline import KINDS, spans
from hermes_tui.core_link.workspace import UsageInfo


async def read_usage(host: Host, session_id: str) -> UsageInfo:
    """Read what a conversation took; one in which nothing was said took nothing."""
    store = host.store
    record = await store.session(session_id)
    events = await store.events_of(session_id, (*KINDS, "compaction.finished"))
    shown = spans(events)
    return UsageInfo(
        uses=tuple(await store.request_uses(session_id=session_id)),
        spans=shown,
        context=context_shares(
            record.system_prompt or "",
            [tool.schema() for tool in host.selection.tools],
            await store.messages(session_id),
            counter=host.counter,
            model=record.model or "",
        ),
        limit_usd=host.cost_limit(session_id),
        limit_tokens=host.token_limit(session_id),
        rate_limits=host.rate_limits(record.billing_provider or ""),
        compactions=sum(event.__struct_config__.tag == "compaction.finished" for event in events),
    )


async def read_insights(store: Store, *, days: int, source: str = "") -> Insights:
    """Read what was used over the last days, today included."""
    now = dt.datetime.now().astimezone()
    uses = await store.request_uses(since=since(days, now), source=source or None)
    return insights(uses, days=days, now=now)
