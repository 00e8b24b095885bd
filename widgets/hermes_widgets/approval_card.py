"""The decision before something risky: what, where, why risky, what each button does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar, Literal

from msgspec.structs import replace
from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from hermes_core.events import ApprovalFinding, ApprovalRequested
from hermes_widgets.countdown import Countdown
from hermes_widgets.drawing.foreign import visible
from hermes_widgets.fitting import clean, fit, fit_left

Decision = Literal["once", "session", "always", "deny"]
_WORDS: dict[str, tuple[Decision, str]] = {
    "once": ("once", "Once"),
    "session": ("session", "Session"),
    "always": ("always", "Always"),
    "deny": ("deny", "Deny"),
}
_FINDING_ROWS = 4
_PATTERN_CELLS = 32
"""Most of the pattern on the button."""
_KEYS = "tab reason  v view"
_KEYS_OF_REASON = "⏎ to the buttons"
_QUESTIONS = {
    "run": "Run this command?",
    "write": "Write this file?",
    "send": "Send this?",
    "spend": "Spend this?",
}


def subject_content(subject: str, findings: tuple[ApprovalFinding, ...]) -> Content:
    """Draw the command with its risky parts bold, underlined and in the colour of danger.

    Controls and marks that turn the line are drawn as signs: what is agreed to is seen whole.
    """
    lines = visible(subject).expandtabs(4)
    content = Content.styled(lines, "$h-text")
    for finding in findings:
        fragment = visible(finding.fragment).expandtabs(4)
        start = lines.find(fragment) if fragment else -1
        while start >= 0:
            end = start + len(fragment)
            content = content.stylize("$h-bad bold underline", start, end)
            start = lines.find(fragment, end)
    return content


def findings_content(
    findings: tuple[ApprovalFinding, ...], width: int, rows: int = _FINDING_ROWS
) -> Content:
    """Draw each reason: the risky words, then what they do here, wrapped beside them.

    Args:
        findings: The reasons.
        width: Cells there are.
        rows: Most lines; what has no room ends in an ellipsis.
    """
    names = [fit(clean(item.fragment or item.key), 24) for item in findings]
    column = max((cell_len(name) for name in names), default=0)
    lines = []
    for name, item in zip(names, findings, strict=True):
        gap = " " * (column - cell_len(name) + 1)
        room = max(width - column - 1, 8)
        text = ("\n" + " " * (column + 1)).join(wrap(clean(item.explanation), room))
        lines += Content.assemble((name, "$h-bad bold"), gap, (text, "$h-muted")).split("\n")
    if len(lines) > rows:
        last = lines[rows - 1].truncate(width - 2)
        lines[rows - 1 :] = [Content.assemble(last, (" …", "$h-muted"))]
    return Content("\n").join(lines)


def where_content(request: ApprovalRequested, asked_by: str, width: int) -> Content:
    """Draw where it would happen and who asks."""
    parts: list[Content] = []
    if request.diff is not None:
        path = fit_left(clean(request.diff.path), max(width // 2, 8))
        parts.append(Content.styled(path, "$h-text bold"))
    for word, value in (("in", request.cwd), ("on", request.backend), ("asked by", asked_by)):
        if value and not (word == "on" and value == "local"):
            text = fit(clean(value), max(width - 12, 8))
            parts.append(Content.assemble((f"{word} ", "$h-muted"), (text, "$h-text")))
    return Content("  ").join(parts).truncate(width, ellipsis=True)


class ChoiceRow(Widget):
    """The buttons in one line, as letters where the words have no room. One is filled."""

    DEFAULT_CSS = "ChoiceRow { height: 1; }"

    chosen: reactive[int] = reactive(0)
    """Index of the filled button."""
    labels: reactive[tuple[str, ...]] = reactive(())
    """The words on the buttons."""
    right: reactive[str] = reactive("")
    """The other keys."""

    @dataclass
    class Pressed(Message):
        """A button was clicked."""

        index: int

    def __init__(self, labels: tuple[str, ...], right: str) -> None:
        super().__init__(id="approval-choices")
        self.set_reactive(ChoiceRow.labels, labels)
        self.set_reactive(ChoiceRow.right, right)

    def _shown_labels(self) -> tuple[tuple[str, ...], int]:
        """The words, and the cells between the buttons."""
        for labels, gap in ((self.labels, 2), (self.labels, 1)):
            if sum(cell_len(label) + 2 + gap for label in labels) - gap <= self.size.width:
                return labels, gap
        return tuple(label[:1] for label in self.labels), 1

    def _buttons(self) -> list[Content]:
        buttons = []
        for at, label in enumerate(self._shown_labels()[0]):
            chosen = at == self.chosen
            style = "$h-ink on $h-warn" if chosen else "$h-text on $h-select"
            left, right = " ", " "
            if self.app.no_color:  # both would be reversed
                left, right, style = "[", "]", style if chosen else "$h-text"
            button = Content.styled(f"{left}{label}{right}", style)
            button = button.stylize("underline bold", 1, 2)
            buttons.append(button)
        return buttons

    def render(self) -> Content:
        """Draw the buttons and, if there is room, the other keys."""
        left = Content(" " * self._shown_labels()[1]).join(self._buttons())
        free = self.size.width - left.cell_length - cell_len(self.right)
        if free < 2:
            return left
        return Content.assemble(left, " " * free, (self.right, "$h-faint"))

    def on_click(self, event: events.Click) -> None:
        """Find the button under the pointer."""
        x = 0
        for at, button in enumerate(self._buttons()):
            if x <= event.x < x + button.cell_length:
                self.post_message(self.Pressed(at))
            x += button.cell_length + self._shown_labels()[1]


class ApprovalCard(Vertical, can_focus=True):
    """One request. Says the decision by `Decided`; ignores keys for its first moments.

    Args:
        request: What is asked.
        place: Its number among those waiting, such as `1 of 2`; empty for a single one.
        asked_by: Title of the conversation that asks, if it is not the shown one.
        payload: Shown in the well in place of the subject, e.g. a diff.
        grace_s: How long keys are ignored after it appeared.
        clock: Monotonic seconds.
        wall_clock: Seconds since the epoch.
    """

    DEFAULT_CSS = """
    ApprovalCard {
        background: $h-raised;
        border-left: outer $h-warn;
        padding: 1 2;
        height: auto;
    }
    ApprovalCard > #approval-head { height: 1; }
    ApprovalCard > #approval-where { height: 1; margin-top: 1; color: $h-muted; }
    ApprovalCard > #approval-well {
        height: auto; margin: 1 0; padding: 0 1; background: $h-canvas;
        scrollbar-size-vertical: 1;
    }
    ApprovalCard > #approval-well > * { height: auto; }
    ApprovalCard > #approval-findings { height: auto; max-height: 4; margin-bottom: 1; }
    ApprovalCard > #approval-pattern { height: 1; color: $h-faint; display: none; }
    ApprovalCard.-pattern > #approval-pattern { display: block; }
    ApprovalCard > #approval-reason {
        height: 1; border: none; padding: 0 1; background: $h-canvas; display: none;
        margin-bottom: 1;
    }
    ApprovalCard.-reason > #approval-reason { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "decide('once')", "Once", show=False, id="approval.once"),
        Binding("s", "decide('session')", "Session", show=False, id="approval.session"),
        Binding("a", "decide('always')", "Always", show=False, id="approval.always"),
        Binding("d", "decide('deny')", "Deny", show=False, id="approval.deny"),
        Binding("escape,ctrl+c", "deny_or_leave", "Deny", show=False, id="approval.cancel"),
        Binding("v", "view", "View", show=False, id="approval.view"),
        Binding("tab", "reason", "Reason", show=False, id="approval.reason"),
        Binding("left", "step(-1)", "Left", show=False, id="approval.left"),
        Binding("right", "step(1)", "Right", show=False, id="approval.right"),
        Binding("up", "scroll_well(-1)", "Up", show=False, id="approval.up"),
        Binding("down", "scroll_well(1)", "Down", show=False, id="approval.down"),
        Binding("enter", "press", "Choose", show=False, id="approval.press"),
        *(
            Binding(str(n), f"number({n})", f"Choice {n}", show=False, id=f"approval.choice-{n}")
            for n in range(1, 5)
        ),
    ]

    @dataclass
    class Decided(Message):
        """The person decided."""

        request: ApprovalRequested
        decision: Decision
        reason: str

    class ViewAsked(Message):
        """The whole text is wanted."""

    def __init__(
        self,
        request: ApprovalRequested,
        *,
        place: str = "",
        asked_by: str = "",
        payload: Widget | None = None,
        grace_s: float = 0.3,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(id="approval-card")
        self.request = request
        self._place = place
        self._asked_by = asked_by
        self._payload = payload
        self._grace_s = grace_s
        self._clock = clock
        self._shown_at = clock()
        self._options = tuple(option for option in request.options if option in _WORDS)
        self._choices = ChoiceRow(self._labels(), _KEYS)
        # Kept at hand: a size may come before they are mounted, or after they are gone.
        self._head = Static(id="approval-head", markup=False)
        self._where = Static(id="approval-where", markup=False)
        self._findings = Static(id="approval-findings", markup=False)
        self._countdown = Countdown(self, self.refresh_texts, wall_clock)

    def _labels(self, width: int = 0) -> tuple[str, ...]:
        labels = []
        for option in self._options:
            label = _WORDS[option][1]
            pattern = clean(self.request.always_pattern)
            if option == "always" and pattern and width >= 80:
                label = f"{label}: {fit(pattern, _PATTERN_CELLS)}"
            labels.append(label)
        return tuple(labels)

    def compose(self) -> ComposeResult:
        """Title, place, well, reasons, buttons."""
        yield self._head
        yield self._where
        with VerticalScroll(id="approval-well", can_focus=False):
            content = subject_content(self.request.subject, self.request.findings)
            yield self._payload or Static(content, markup=False)
        if self.request.findings:
            yield self._findings
        pattern = clean(self.request.always_pattern)
        yield Static(f"Always would allow: {pattern}", id="approval-pattern", markup=False)
        reason = Input(placeholder="why, for the agent", id="approval-reason", compact=True)
        reason.cursor_blink = False
        yield reason
        yield self._choices

    def on_mount(self) -> None:
        """Draw the texts."""
        self._shown_at = self._clock()
        self._countdown.until(self.request.expires_at)

    def extend(self, expires_at: float | None) -> None:
        """The request ends at another time than it said."""
        if expires_at != self.request.expires_at:
            self.request = replace(self.request, expires_at=expires_at)
            if self.is_mounted:
                self._countdown.until(expires_at)

    def on_resize(self) -> None:
        """Texts are cut to the width."""
        self.refresh_texts()

    def refresh_texts(self) -> None:
        """Draw title, place and reasons for the width there is."""
        width = self.content_size.width or 40
        self._choices.labels = self._labels(width)
        right = self._place
        if (rest := self._countdown.shown_s) is not None:
            right = f"denies in {rest}s"
        title = fit(_QUESTIONS[self.request.action], width - cell_len(right) - 4)
        gap = " " * max(width - 2 - cell_len(title) - cell_len(right), 1)
        head = Content.assemble(
            ("! ", "$h-warn bold"), (title, "$h-text bold"), gap, (right, "$h-muted")
        )
        self._head.update(head)
        self._where.update(where_content(self.request, self._asked_by, width))
        if self.request.findings:
            most = self._findings.styles.max_height
            rows = int(most.value) if most is not None else _FINDING_ROWS
            self._findings.update(findings_content(self.request.findings, width, rows))

    @property
    def _is_too_soon(self) -> bool:
        return self._clock() - self._shown_at < self._grace_s

    @property
    def reason(self) -> str:
        """Words for the agent."""
        return self.query_one("#approval-reason", Input).value.strip()

    def action_decide(self, option: str) -> None:
        """Decide, if the option is offered."""
        if option in self._options and not self._is_too_soon:
            decision = _WORDS[option][0]
            self.post_message(self.Decided(self.request, decision, self.reason))

    def action_number(self, number: int) -> None:
        """Decide by the number of the button."""
        if number <= len(self._options):
            self.action_decide(self._options[number - 1])

    def action_press(self) -> None:
        """Decide by the filled button."""
        self.action_decide(self._options[self._choices.chosen])

    def action_step(self, step: int) -> None:
        """Fill the next or the previous button."""
        self._choose((self._choices.chosen + step) % len(self._options))

    def _choose(self, at: int) -> None:
        """Fill a button, and show what `Always` would allow where it is not on it."""
        self._choices.chosen = at
        is_always = self._options[self._choices.chosen] == "always"
        pattern = clean(self.request.always_pattern)
        is_whole = self.content_size.width >= 80 and cell_len(pattern) <= _PATTERN_CELLS
        is_hidden = bool(pattern) and not is_whole
        self.set_class(is_always and is_hidden, "-pattern")

    def action_scroll_well(self, step: int) -> None:
        """Scroll what is asked about."""
        well = self.query_one("#approval-well", VerticalScroll)
        well.scroll_relative(y=step, animate=False)

    def action_reason(self) -> None:
        """Open the field for a reason; Tab or Enter leads back."""
        field = self.query_one("#approval-reason", Input)
        if field.has_focus:
            self.focus()
        else:
            self.add_class("-reason")
            field.focus()

    def on_descendant_focus(self) -> None:
        """The reason has other keys."""
        self._choices.right = _KEYS_OF_REASON

    def on_descendant_blur(self) -> None:
        """Out of the field for the reason."""
        self._choices.right = _KEYS

    def action_deny_or_leave(self) -> None:
        """Leave the field for the reason; outside it, deny."""
        if self.query_one("#approval-reason", Input).has_focus:
            self.focus()
        else:
            self.action_decide("deny")

    def action_view(self) -> None:
        """Ask for the whole text."""
        self.post_message(self.ViewAsked())

    @on(Input.Submitted)
    def _reason_written(self, event: Input.Submitted) -> None:
        """Words for the agent mostly say why not: the next Enter denies, and is seen to."""
        event.stop()
        self.focus()
        if self.reason and "deny" in self._options:
            self._choose(self._options.index("deny"))

    @on(ChoiceRow.Pressed)
    def _pressed(self, event: ChoiceRow.Pressed) -> None:
        event.stop()
        self.action_decide(self._options[event.index])
