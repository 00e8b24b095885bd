"""Usage in words and numbers: for the line mode, the command line and the screens."""

from __future__ import annotations

import time
from collections.abc import Iterable
from decimal import Decimal

from hermes_core.agent.context_shares import ContextShare
from hermes_core.insights import LONGEST_DAYS, Insights, Share, summed
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.storage.records import RequestUse
from hermes_tui.core_link.workspace import UsageInfo
from hermes_tui.session_state import SessionState
from hermes_widgets.charts.table import table_lines
from hermes_widgets.fitting import tokens

Figures = list[tuple[str, str]]
_PURPOSES = {"turn": "the conversation", "title_generation": "titles", "compression": "summaries"}


def money(amount: float | None) -> str:
    """Return a cost; a price nobody knows is no number."""
    if amount is None:
        return "unknown"
    return f"${amount:.4f}" if 0 < amount < 0.1 else f"${amount:.2f}"


def bucket_figures(share: Share) -> Figures:
    """Tokens by bucket, requests and cost of a sum."""
    usage = share.usage
    return [
        ("read, new", tokens(usage.input_tokens)),
        ("read from cache", tokens(usage.cache_read_tokens)),
        ("written to cache", tokens(usage.cache_write_tokens)),
        ("written", tokens(usage.output_tokens)),
        ("of that reasoning", tokens(usage.reasoning_tokens)),
        ("requests", str(usage.requests)),
        ("cost", money(share.cost_usd)),
    ]


def cost_words(uses: Iterable[RequestUse]) -> str:
    """Say how sure the cost is."""
    found = list(uses)
    if not found:
        return "nothing was asked yet"
    if any(use.cost_usd is None for use in found):
        return "a price is not known, so the sum is not either"
    if all(use.cost_usd == 0 for use in found):
        return "nothing is charged for these requests"
    return "estimated at list prices"


def limit_words(limit: Decimal | None, most_tokens: int | None = None) -> str:
    """Say what the conversation may cost and use; empty without a limit."""
    may = [] if limit is None else [f"cost ${limit}"]
    may += [] if most_tokens is None else [f"use {tokens(most_tokens)} tokens"]
    return f"it may {' and '.join(may)}" if may else ""


def rate_limit_rows(limits: Iterable[RateLimit], now: float) -> list[tuple[str, str, str]]:
    """What is left of the provider's limits, and when each is whole again."""
    return [
        (
            one.name,
            f"{tokens(one.remaining)} of {tokens(one.limit)}",
            "" if one.resets_at is None else whole_again(one.resets_at - now),
        )
        for one in limits
    ]


def whole_again(seconds: float) -> str:
    """Say how long it takes until a limit is whole again."""
    if seconds <= 0:
        return "whole again"
    if seconds < 90:
        return f"whole in {seconds:.0f} s"
    if seconds < 5400:
        return f"whole in {seconds / 60:.0f} min"
    return f"whole in {seconds / 3600:.0f} h"


def context_words(state: SessionState) -> str:
    """Say how full the window is."""
    if not state.window_tokens:
        return "not measured yet"
    share = state.used_tokens / state.window_tokens
    return f"{tokens(state.used_tokens)} of {tokens(state.window_tokens)}, {share:.0%}"


def summarised(times: int) -> str:
    """Say how often earlier parts were summarised."""
    return {0: "never summarised", 1: "summarised once"}.get(times, f"summarised {times} times")


def context_figures(shares: Iterable[ContextShare]) -> Figures:
    """What fills the window, estimated."""
    return [(share.name, tokens(share.tokens)) for share in shares]


def purpose_figures(uses: Iterable[RequestUse]) -> list[tuple[str, str, str, str]]:
    """Requests by what they were for."""
    groups: dict[str, list[RequestUse]] = {}
    for use in uses:
        groups.setdefault(use.purpose, []).append(use)
    return [
        share_row(summed(_PURPOSES.get(name, name.replace("_", " ")), group))
        for name, group in groups.items()
    ]


def share_row(share: Share) -> tuple[str, str, str, str]:
    """Name, tokens, requests, cost."""
    usage = share.usage
    return share.name, tokens(usage.total_tokens), str(usage.requests), money(share.cost_usd)


SHARE_HEAD = ("", "tokens", "requests", "cost")


def usage_lines(info: UsageInfo, state: SessionState) -> list[str]:
    """Everything of `/usage` as text."""
    total = summed("total", info.uses)
    lines = []
    if info.rate_limits:
        left = table_lines(rate_limit_rows(info.rate_limits, time.time()))
        lines = ["Left of the provider's limits", *left, ""]
    lines += ["Usage of this conversation", *table_lines(bucket_figures(total))]
    may = limit_words(info.limit_usd, info.limit_tokens)
    told = filter(None, (cost_words(info.uses), may))
    lines += [f"             {'; '.join(told)}", "", f"Context: {context_words(state)}"]
    lines += table_lines(context_figures(info.context))
    lines.append(summarised(info.compactions).capitalize())
    if len({use.purpose for use in info.uses}) > 1:
        lines += ["", *table_lines(purpose_figures(info.uses), head=SHARE_HEAD)]
    return lines


def insights_lines(found: Insights, *, source: str = "") -> list[str]:
    """Everything of `/insights` as text."""
    days = len(found.days)
    of = f" from {source}" if source else ""
    count = found.total.sessions
    head = f"The last {days} day{'s' if days != 1 else ''}{of}"
    lines = [
        f"{head}: {count} conversation{'s' if count != 1 else ''}",
        *table_lines(bucket_figures(found.total)),
        "",
        *table_lines([share_row(day) for day in used_days(found)], head=("day", *SHARE_HEAD[1:])),
    ]
    for title, shares in (
        ("model", found.by_model),
        ("source", found.by_source),
        ("purpose", found.by_purpose),
    ):
        if shares:
            rows = [share_row(share) for share in shares]
            lines += ["", *table_lines(rows, head=(title, *SHARE_HEAD[1:]))]
    return lines


def used_days(found: Insights) -> list[Share]:
    """Days with a request, the newest first; today if there was none at all."""
    days = [day for day in reversed(found.days) if day.usage.requests or day.usage.total_tokens]
    return days or [found.days[-1]]


def parse_days(argument: str) -> tuple[int, str]:
    """Read `[days]` or `--days N --source S`, as on the command line.

    Raises:
        ValueError: Anything else; says what is possible.
    """
    days, source = 30, ""
    words = argument.split()
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=")
        if name in ("--days", "--source"):
            if not sign:
                value = words.pop(0) if words else ""
            if name == "--source" and value:
                source = value
                continue
            word = value
        if not word.isdecimal() or not 1 <= int(word) <= LONGEST_DAYS:
            raise ValueError("/insights [days], or --days N --source S; N from 1 on")
        days = int(word)
    return days, source
