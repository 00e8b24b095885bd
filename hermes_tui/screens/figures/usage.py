"""What this conversation took: tokens, cost, window, and what went on when."""

from __future__ import annotations

import time
from itertools import accumulate

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from hermes_core.insights import summed
from hermes_core.storage.records import RequestUse
from hermes_tui.core_link.workspace import UsageInfo
from hermes_tui.screens.figures.page import FiguresScreen
from hermes_tui.session_state import SessionState
from hermes_tui.usage_text import (
    SHARE_HEAD,
    bucket_figures,
    context_figures,
    context_words,
    cost_words,
    limit_words,
    money,
    purpose_figures,
    rate_limit_rows,
    summarised,
)
from hermes_widgets.charts.chart import Chart
from hermes_widgets.charts.table import table_content
from hermes_widgets.charts.timeline import Timeline
from hermes_widgets.fitting import tokens
from hermes_widgets.gauge import gauge

_GAUGE_CELLS = 24
_MOST_POINTS = 60
"""Requests of the charts; more are joined."""


class UsageScreen(FiguresScreen):
    """Figures, charts and a timeline of one conversation.

    Args:
        info: What was used.
        state: How full the window is.
    """

    def __init__(self, info: UsageInfo, state: SessionState) -> None:
        super().__init__("Usage of this conversation")
        self._info = info
        self._state = state

    def figures(self) -> ComposeResult:
        """Sums beside the window, then the charts."""
        info, state = self._info, self._state
        total = summed("total", info.uses)
        if info.rate_limits:
            left = rate_limit_rows(info.rate_limits, time.time())
            yield self.section("Left of the provider's limits", table_content(left))
        yield self.columns(
            _block("Tokens", bucket_figures(total), below=_cost_lines(info)),
            _block(
                "Context",
                context_figures(info.context),
                above=_context_gauge(state),
                below=summarised(info.compactions),
            ),
        )
        if len({use.purpose for use in info.uses}) > 1:
            yield self.section(
                "What for", table_content(purpose_figures(info.uses), head=SHARE_HEAD)
            )
        yield from _charts(info.uses)
        timeline = Timeline(id="timeline")
        timeline.show(info.spans)
        yield timeline


def _cost_lines(info: UsageInfo) -> str:
    return "\n".join(
        filter(None, (cost_words(info.uses), limit_words(info.limit_usd, info.limit_tokens)))
    )


def _charts(uses: tuple[RequestUse, ...]) -> ComposeResult:
    groups = grouped(uses, _MOST_POINTS)
    labels = [str(number) for number, _ in groups]
    sums = [summed(label, group) for label, (_, group) in zip(labels, groups, strict=True)]
    written = Chart(
        "Tokens by request",
        written=lambda value: tokens(round(value)),
        head=("request", "tokens"),
        id="tokens",
    )
    written.show([(share.name, float(share.usage.total_tokens)) for share in sums])
    yield written
    if uses and all(share.cost_usd is not None for share in sums):
        cost = Chart("Cost so far", written=money, role="warn", head=("request", "USD"), id="cost")
        costs = accumulate(share.cost_usd or 0.0 for share in sums)
        cost.show(list(zip(labels, costs, strict=True)))
        yield cost


def grouped(uses: tuple[RequestUse, ...], most: int) -> list[tuple[int, tuple[RequestUse, ...]]]:
    """Join neighbouring requests so that there are at most so many groups.

    Returns:
        The number of the first request of each group, counted from 1, and the group.
    """
    step = max(1, -(-len(uses) // most))
    return [(at + 1, uses[at : at + step]) for at in range(0, len(uses), step)]


def _context_gauge(state: SessionState) -> Content:
    share = state.used_tokens / state.window_tokens if state.window_tokens else 0.0
    return Content.assemble(gauge(share, _GAUGE_CELLS), ("  " + context_words(state), "$h-text"))


def _block(
    title: str, rows: list[tuple[str, str]], *, above: Content | None = None, below: str = ""
) -> Widget:
    parts = [Content.styled(title, "$h-text bold")]
    parts += [above] if above is not None else []
    parts.append(table_content(rows))
    parts += [Content.styled(below, "$h-faint")] if below else []
    return Static(Content("\n").join(parts), classes="figures", markup=False)
