"""Facts as rows: sections with air between, sessions without repeats, stopped calls."""

from __future__ import annotations

import pytest

from hermes_core.events import ToolFinished, ToolStarted, TurnFinished
from hermes_core.messages import Runtime
from hermes_core.paths import Home
from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.model_label import model_label
from hermes_tui.palette_rows import palette_rows
from hermes_tui.panes.row_texts import heading, sections, session_row, skill_rows
from hermes_tui.session_state import SessionState
from hermes_tui.summary import hint_of, status_of
from hermes_widgets.list_rows import Row
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged


def _summary(title: str, preview: str, count: int = 2) -> SessionSummary:
    return SessionSummary(
        id="s",
        title=title,
        preview=preview,
        source="cli",
        started_at=0.0,
        last_active=0.0,
        message_count=count,
        kind="root",
        model="m",
        parent_session_id=None,
    )


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"),
        ("/home/me/models/Qwen3-8B.Q4_K_M.gguf", "Qwen3-8B.Q4_K_M"),
        ("", ""),
    ],
)
def test_a_model_file_is_called_by_its_name(model: str, shown: str) -> None:
    assert model_label(model) == shown
    state = SessionState()
    state.runtime = Runtime(model=model, provider="local")
    assert status_of(state, None, is_ready=True).model == shown
    assert hint_of(state, None, busy_mode="steer").text == shown


def test_sections_have_one_blank_row_between_and_empty_ones_none() -> None:
    rows = sections(
        (heading("A"), [Row(text="1")]), (heading("B"), []), (heading("C"), [Row(text="2")])
    )
    assert [row.text for row in rows] == ["A", "1", "", "C", "2"]


@pytest.mark.parametrize(
    ("preview", "detail"),
    [("Fix the loop", "2 messages"), ("something else", "2 messages · something else")],
)
def test_a_session_does_not_repeat_its_title(preview: str, detail: str) -> None:
    row = session_row(_summary("Fix the loop", preview), open_states={}, now=0.0, detailed=True)
    assert row.detail == detail


def test_one_message_is_not_many() -> None:
    row = session_row(_summary("T", "T", 1), open_states={}, now=0.0, detailed=True)
    assert row.detail == "1 message"


def test_categories_of_skills_are_apart_in_the_pane_and_close_in_the_rail() -> None:
    skills = [SkillInfo(name="a", category="x"), SkillInfo(name="b", category="y")]
    assert [row.text for row in skill_rows(skills)] == ["x", "a", "", "y", "b"]
    compact = skill_rows(skills, is_compact=True)
    assert [row.text for row in compact] == ["x", "a", "y", "b"]


@pytest.mark.ac("palette-order")
def test_the_palette_begins_with_what_people_want_and_ends_actions_with_scrolling() -> None:
    rows = palette_rows("", {})
    actions = [row.key for row in rows if row.key.startswith("action:")]
    assert actions[:9] == [
        "action:session.new",
        "action:pane.sessions",
        "action:model.choose",
        "action:chat.approval-mode",
        "action:app.setup",
        "action:look.skin",
        "action:look.theme",
        "action:app.help",
        "action:app.quit",
    ]
    assert {"action:chat.page-up", "action:chat.line-down"} <= set(actions[-8:])
    keys = " ".join(row.right for row in rows)
    assert "ctrl+" not in keys
    assert "^n" in keys


async def test_a_call_the_person_stopped_is_no_failure(home: Home) -> None:
    async with staged(home, size=(100, 30)) as stage:
        stage.session.say(
            *turns.user(1, "run sleep 20"),
            ToolStarted(call_id="c", name="terminal", preview="sleep 20"),
            ToolFinished(call_id="c", name="terminal", ok=False, summary="interrupted"),
            TurnFinished(outcome="interrupted", reason="interrupted", turn_id="t1"),
        )
        await until(lambda: stage.app.chat.state.turns == 1)
        await until(lambda: "stopped by you" in stage.shown_text())
        await until(lambda: "⊘ $" in stage.shown_text())
        assert "✗" not in stage.shown_text()
