"""The modal around an approval card."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from hermes_core.events import ApprovalRequested
from hermes_tui.screens.diff import DiffScreen
from hermes_tui.screens.reader import ReaderScreen
from hermes_tui.screens.sheet import SheetScreen
from hermes_widgets.approval_card import ApprovalCard, Decision, subject_content


class Decided(Struct, frozen=True):
    """What the person decided."""

    decision: Decision
    reason: str


class ApprovalScreen(SheetScreen[Decided | None]):
    """Shows one request; the result is None if it was closed elsewhere."""

    DEFAULT_CSS = """
    ApprovalScreen > ApprovalCard { width: 96; max-height: 90%; }
    ApprovalScreen.-diff > ApprovalCard { width: 116; max-width: 100%; }
    ApprovalScreen > ApprovalCard > #approval-well { max-height: 24; }
    ApprovalScreen.-w-tiny > ApprovalCard, ApprovalScreen.-w-narrow > ApprovalCard {
        width: 100%; max-height: 14; padding: 0 2 0 1;
    }
    ApprovalScreen.-w-narrow #approval-where, ApprovalScreen.-w-tiny #approval-where {
        margin-top: 0;
    }
    ApprovalScreen.-w-narrow #approval-well, ApprovalScreen.-w-tiny #approval-well {
        margin: 0; max-height: 6;
    }
    ApprovalScreen.-w-narrow.-diff #approval-well { margin: 0 0 1 0; max-height: 9; }
    ApprovalScreen.-h-tiny #approval-well { max-height: 2; }
    ApprovalScreen.-h-tiny #approval-where { display: none; }
    ApprovalScreen.-h-tiny #approval-findings { max-height: 1; margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "ignore", "", show=False, id="approval.no-help"),
    ]

    def __init__(
        self,
        request: ApprovalRequested,
        *,
        place: str,
        asked_by: str,
        payload: Widget | None = None,
        grace_s: float = 0.3,
    ) -> None:
        super().__init__(classes="-diff" if request.diff is not None else None)
        self.request = request
        self.card = ApprovalCard(
            request, place=place, asked_by=asked_by, payload=payload, grace_s=grace_s
        )

    def compose(self) -> ComposeResult:
        """The card alone, so that the screen behind stays visible."""
        yield self.card

    def on_mount(self) -> None:
        """Keys go to the card."""
        self.card.focus()

    def action_ignore(self) -> None:
        """Nothing opens over a decision."""

    @on(ApprovalCard.Decided)
    def _decided(self, event: ApprovalCard.Decided) -> None:
        event.stop()
        self.dismiss(Decided(event.decision, event.reason))

    @on(ApprovalCard.ViewAsked)
    def _view(self, event: ApprovalCard.ViewAsked) -> None:
        event.stop()
        if self.request.diff is not None:
            self.app.push_screen(DiffScreen(self.request.subject, (self.request.diff,)))
            return
        content = subject_content(self.request.subject, self.request.findings)
        self.app.push_screen(ReaderScreen("The whole text", content))
