"""What was used over days, in all conversations."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from hermes_core.insights import Insights, Share
from hermes_tui.screens.figures.page import FiguresScreen
from hermes_tui.usage_text import (
    SHARE_HEAD,
    bucket_figures,
    money,
    share_row,
)
from hermes_widgets.charts.chart import Chart
from hermes_widgets.charts.table import table_content
from hermes_widgets.fitting import tokens

_MOST_ROWS = 8


class InsightsScreen(FiguresScreen):
    """Sums, charts by day, and what used the most.

    Args:
        found: The figures.
        source: The only source they are of; empty for all.
    """

    def __init__(self, found: Insights, source: str) -> None:
        days = len(found.days)
        of = f" from {source}" if source else ""
        super().__init__(f"The last {days} day{'s' if days != 1 else ''}{of}")
        self._found = found

    def figures(self) -> ComposeResult:
        """Sums beside the models, then the charts, then the other sums."""
        found = self._found
        count = found.total.sessions
        conversations = f"{count} conversation{'s' if count != 1 else ''}"
        yield self.columns(
            Static(
                self.titled(conversations, table_content(bucket_figures(found.total))),
                classes="figures",
                markup=False,
            ),
            Static(self.titled("Models", _shares(found.by_model)), classes="figures", markup=False),
        )
        chart = Chart(
            "Tokens by day",
            written=lambda value: tokens(round(value)),
            head=("day", "tokens"),
            id="tokens",
        )
        chart.show([(day.name[5:], float(day.usage.total_tokens)) for day in found.days])
        yield chart
        cost = Chart("Cost by day", written=money, role="warn", head=("day", "USD"), id="cost")
        cost.show([(day.name[5:], day.cost_usd) for day in found.days])
        yield cost
        for title, shares in (("Sources", found.by_source), ("What for", found.by_purpose)):
            if shares:
                yield self.section(title, _shares(shares))


def _shares(shares: Sequence[Share]) -> Content:
    return table_content([share_row(share) for share in shares[:_MOST_ROWS]], head=SHARE_HEAD)
