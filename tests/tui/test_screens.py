"""The screens that register: usage, insights, logs, rollback, models, and one from outside."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from textual.app import ComposeResult
from textual.widgets import Static

from hermes_core.agent.context_shares import ContextShare
from hermes_core.commands import Rollback, SetRuntime
from hermes_core.events import ContextGauge, FileDiff
from hermes_core.logs import start_logging
from hermes_core.messages import Usage
from hermes_core.paths import Home
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.storage.records import RequestUse
from hermes_core.timeline import Span
from hermes_tui.actions.action import ACTION_REGISTRY
from hermes_tui.app import HermesApp
from hermes_tui.commands.insights import command as insights_command
from hermes_tui.core_link.workspace import CheckpointInfo, ModelInfo, SettingInfo, UsageInfo
from hermes_tui.palette_rows import action_rows, command_rows
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.error import ErrorScreen
from hermes_tui.screens.figures.insights import InsightsScreen
from hermes_tui.screens.figures.usage import UsageScreen, grouped
from hermes_tui.screens.logs import LogsScreen
from hermes_tui.screens.model import ModelScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.screens.rollback import RollbackScreen
from hermes_tui.screens.screen import SCREEN_REGISTRY, ScreenSpec, register_screen
from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_tui.usage_text import insights_lines, parse_days, usage_lines, whole_again
from hermes_widgets.charts.chart import Chart
from hermes_widgets.charts.timeline import bar_of
from tests.support import until
from tests.tui.stage import NOW, Stage, staged


class HelloScreen(SheetScreen[None]):
    """A screen somebody else wrote."""

    def compose(self) -> ComposeResult:
        yield Static("Hello from outside", classes="sheet")


@pytest.fixture
def outside() -> Iterator[ScreenSpec]:
    """A screen added as a plugin adds it, and taken away again."""

    async def build(host: HermesApp, argument: str) -> HelloScreen:
        return HelloScreen()

    spec = ScreenSpec(
        id="outside.hello", title="Hello", command="hello", summary="say hello", build=build
    )
    register_screen(spec)
    yield spec
    for registry, key in (
        (SCREEN_REGISTRY, spec.id),
        (ACTION_REGISTRY, spec.id),
        (COMMAND_REGISTRY, spec.command),
    ):
        del registry._entries[key]


@pytest.mark.ac("screen-registry")
async def test_a_screen_from_outside_is_in_palette_help_and_commands(
    home: Home, outside: ScreenSpec
) -> None:
    assert any(row.key == "action:outside.hello" for row in action_rows())
    assert any(row.key == "command:hello" for row in command_rows())
    with pytest.raises(ValueError, match="there already"):
        register_screen(outside)
    async with staged(home) as stage:
        await stage.send("/hello")
        await until(lambda: "Hello from outside" in stage.shown_text())


USED = Usage(input_tokens=1200, cache_read_tokens=300, output_tokens=150, requests=1)


def _use(number: int, *, cost: float | None = 0.01, purpose: str = "turn") -> RequestUse:
    return RequestUse(
        session_id="s",
        ts=NOW - number * 86_400,
        source="cli",
        purpose=purpose,
        model="hermes-4",
        usage=USED,
        cost_usd=cost,
    )


INFO = UsageInfo(
    uses=(_use(2), _use(1), _use(0, purpose="title_generation")),
    spans=(
        Span(kind="turn", name="turn 1", start=10, end=40),
        Span(kind="tool", name="terminal pytest -q", start=20, end=39, ok=False),
        Span(kind="wait", name="approval", start=21, end=25),
    ),
    context=(ContextShare(name="tool results", tokens=4200),),
    compactions=2,
    limit_usd=Decimal("0.50"),
)


async def _opened(stage: Stage, line: str, kind: type[SheetScreen[None]]) -> None:
    await stage.send(line)
    await until(lambda: isinstance(stage.app.screen, kind))
    await stage.pilot.pause()
    await stage.pilot.pause()


@pytest.mark.ac("usage-screen")
async def test_usage_shows_buckets_cost_window_charts_and_the_timeline(home: Home) -> None:
    async with staged(home, size=(110, 60)) as stage:
        stage.workspace.usage_info = INFO
        stage.session.say(ContextGauge(used=62_000, window=200_000, threshold=100_000))
        await until(lambda: stage.app.chat.state.used_tokens)
        await _opened(stage, "/usage", UsageScreen)
        shown = stage.shown_text()
        for words in ("read from cache", "900", "$0.03", "62k of 200k, 31%", "tool results"):
            assert words in shown
        assert "it may cost $0.50" in shown
        assert "summarised 2 times" in shown
        assert "titles" in shown
        assert "█" in shown
        assert "✗ terminal pytest" in shown
        await stage.pilot.press("t")
        await until(lambda: "request" in stage.shown_text())
        assert all(chart.as_table for chart in stage.app.screen.query(Chart))


@pytest.mark.ac("rate-limits")
async def test_what_is_left_of_the_providers_limits_stands_before_the_tokens(home: Home) -> None:
    left = RateLimit(name="requests", limit=60, remaining=58, resets_at=time.time() + 600.5)
    info = msgspec.structs.replace(INFO, rate_limits=(left,), limit_tokens=90_000)
    async with staged(home, size=(110, 60)) as stage:
        stage.workspace.usage_info = info
        await _opened(stage, "/usage", UsageScreen)
        shown = stage.shown_text()
        assert "58 of 60" in shown
        assert "whole in 10 min" in shown
        assert shown.index("58 of 60") < shown.index("read from cache")
        assert "it may cost $0.50 and use 90k tokens" in shown
        lines = "\n".join(usage_lines(info, stage.app.chat.state))
    assert lines.index("58 of 60") < lines.index("read from cache")
    assert [whole_again(s) for s in (-1, 12, 7200)] == [
        "whole again", "whole in 12 s", "whole in 2 h",
    ]  # fmt: skip


@pytest.mark.ac("cost-unknown")
async def test_a_price_nobody_knows_is_told_in_words_and_draws_no_chart(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        stage.workspace.usage_info = UsageInfo(
            uses=(_use(0, cost=None), _use(0)), spans=(), context=()
        )
        await _opened(stage, "/usage", UsageScreen)
        await until(lambda: "unknown" in stage.shown_text())
        assert not stage.app.screen.query("#cost")


@pytest.mark.ac("insights-screen")
async def test_insights_take_days_and_source_in_both_spellings(home: Home) -> None:
    async with staged(home, size=(110, 50)) as stage:
        stage.workspace.usage_info = INFO
        await _opened(stage, "/insights --days 7 --source cli", InsightsScreen)
        assert stage.workspace.insights_asked == [(7, "cli")]
    assert parse_days("14") == (14, "")
    assert parse_days("--source=cron --days 3") == (3, "cron")
    for wrong in ("0", "soon", "--days", "--days x"):
        with pytest.raises(ValueError, match="N from 1"):
            parse_days(wrong)


@pytest.mark.ac("insights-command")
def test_the_command_line_prints_the_same_figures(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERMES_HOME", str(home.root))
    found = CliRunner().invoke(insights_command, ["--days", "3"], catch_exceptions=False)
    assert found.exit_code == 0
    assert "The last 3 days: 0 conversations" in found.output
    assert "requests" in found.output
    assert CliRunner().invoke(insights_command, ["--days", "0"]).exit_code == 2


def test_usage_and_insights_say_everything_in_lines_too() -> None:
    from datetime import UTC, datetime

    from hermes_core.insights import insights
    from hermes_tui.session_state import SessionState

    state = SessionState()
    state.used_tokens, state.window_tokens = 10_000, 100_000
    lines = usage_lines(INFO, state)
    assert "Context: 10k of 100k, 10%" in lines
    assert any(line.startswith("titles") for line in lines)
    assert any(line.endswith("list prices; it may cost $0.50") for line in lines)
    days = insights(INFO.uses, days=3, now=datetime.fromtimestamp(NOW, UTC))
    assert any("hermes-4" in line and "$0.03" in line for line in insights_lines(days))


def test_bars_stay_inside_and_requests_are_joined_when_there_are_many() -> None:
    assert bar_of(Span(kind="tool", name="x", start=0, end=0), 0, 100, 40) == (0, 1)
    assert bar_of(Span(kind="tool", name="x", start=100, end=100), 0, 100, 40) == (39, 1)
    assert bar_of(Span(kind="turn", name="x", start=0, end=100), 0, 100, 40) == (0, 40)
    groups = grouped(tuple(_use(0) for _ in range(130)), 60)
    assert len(groups) <= 60
    assert sum(len(group) for _, group in groups) == 130


@pytest.mark.ac("logs-screen")
async def test_logs_are_filtered_searched_followed_and_masked(home: Home) -> None:
    stop = start_logging(home)
    tools, agent = (
        logging.getLogger("hermes_core.tools.x"),
        logging.getLogger("hermes_core.agent.x"),
    )
    try:
        agent.info("began with sk-0123456789abcdefghijkl")
        tools.error("the shell broke")
        async with staged(home, size=(100, 30)) as stage:
            await _opened(stage, "/logs", LogsScreen)
            await until(lambda: "the shell broke" in stage.shown_text())
            assert "0123456789abcdefghijkl" not in stage.shown_text()
            screen = stage.app.screen
            assert isinstance(screen, LogsScreen)
            await stage.pilot.press("f4", "f4", "f4")
            await until(lambda: "level error" in stage.shown_text())
            await until(lambda: "began with" not in stage.shown_text())
            await stage.pilot.press("f4")
            screen.search.value = "began"
            await until(lambda: len(screen.list.rows) == 1)
            agent.info("began again")
            await until(lambda: "began again" in stage.shown_text())
            await stage.pilot.press("enter")
            await until(lambda: stage.app.screen is not screen)
    finally:
        stop()


DIFFS = [
    FileDiff(path="src/retry.py", unified="@@ -1 +1,2 @@\n-old\n+new\n+more", added=2, removed=1),
    FileDiff(path="README.md", unified="@@ -1 +1 @@\n-a\n+b", added=1, removed=1),
]
SNAPSHOTS = [
    CheckpointInfo(
        checkpoint_id="abc123",
        created_at=NOW - 60,
        cause="before patch",
        file_count=2,
        added=4,
        removed=3,
        has_turn=True,
    ),
    CheckpointInfo(checkpoint_id="def456", created_at=NOW - 600, cause="before rollback to abc"),
]


async def _rollback(stage: Stage) -> RollbackScreen:
    stage.workspace.checkpoint_list = list(SNAPSHOTS)
    stage.workspace.checkpoint_diffs = list(DIFFS)
    await _opened(stage, "/rollback", RollbackScreen)
    await until(lambda: "src/retry.py" in stage.shown_text())
    screen = stage.app.screen
    assert isinstance(screen, RollbackScreen)
    return screen


@pytest.mark.ac("rollback-screen")
@pytest.mark.parametrize("scope", ["both", "files", "conversation"])
async def test_what_goes_back_is_chosen_and_confirmed(home: Home, scope: str) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await _rollback(stage)
        shown = stage.shown_text()
        assert "before patch" in shown
        assert "+4 −3" in shown
        assert "2 files" in shown
        await stage.pilot.press("enter")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press(scope[0])
        await until(lambda: stage.session.sent(Rollback))
        command = stage.session.sent(Rollback)[0]
        assert isinstance(command, Rollback)
        assert (command.checkpoint_id, command.scope, command.path) == ("abc123", scope, None)
        await until(lambda: not stage.app.is_modal_open)


@pytest.mark.ac("rollback-screen")
async def test_one_file_goes_back_alone_and_no_changes_nothing(home: Home) -> None:
    async with staged(home, size=(100, 30)) as stage:
        screen = await _rollback(stage)
        await stage.pilot.press("tab", "down", "enter")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("escape")
        await until(lambda: stage.app.screen is screen)
        assert not stage.session.sent(Rollback)
        await stage.pilot.press("enter")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("t")
        await until(lambda: stage.session.sent(Rollback))
        command = stage.session.sent(Rollback)[0]
        assert isinstance(command, Rollback)
        assert (command.path, command.scope) == ("src/retry.py", "files")


MODELS = [
    ModelInfo(
        model="hermes-4-405b",
        provider="openrouter",
        label="OpenRouter",
        window_tokens=200_000,
        price="$1 / $3",
        abilities=("tools",),
    ),
    ModelInfo(model="kimi-k2", provider="openrouter", label="OpenRouter"),
    ModelInfo(model="claude-sonnet-4-5", provider="anthropic", label="Anthropic"),
]


@pytest.mark.ac("model-screen")
async def test_models_stand_by_provider_and_a_search_goes_over_all(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        stage.workspace.model_list = list(MODELS)
        await stage.pilot.press("ctrl+k")
        await until(lambda: isinstance(stage.app.screen, ModelScreen))
        await stage.pilot.pause()
        shown = stage.shown_text()
        for words in ("OpenRouter", "Anthropic", "hermes-4-405b", "200k", "$1 / $3", "kimi-k2"):
            assert words in shown
        assert "claude-sonnet" not in shown
        await stage.type("sonnet")
        await stage.pilot.press("f4")
        await until(lambda: "new conversations" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(SetRuntime))
        command = stage.session.sent(SetRuntime)[0]
        assert isinstance(command, SetRuntime)
        assert (command.model, command.provider, command.persist) == (
            "claude-sonnet-4-5",
            "anthropic",
            True,
        )


@pytest.mark.ac("palette-sources")
async def test_the_palette_finds_models_looks_settings_and_files_and_remembers(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("x")
    async with staged(home, size=(100, 40)) as stage:
        stage.app.chat.state.cwd = str(tmp_path)
        stage.workspace.model_list = list(MODELS)
        stage.workspace.setting_list = [
            SettingInfo(key="display.skin", value="x", origin="default")
        ]
        await stage.pilot.press("ctrl+p")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        screen = stage.app.screen
        assert isinstance(screen, PickScreen)
        await until(lambda: "Files" in stage.app.palette.sources.groups())
        for typed, key in (
            ("@notes", "file:notes.md"),
            (":skin", "setting:display.skin"),
            ("sonnet", "model:anthropic\nclaude-sonnet-4-5"),
            ("skin slate", "skin:slate"),
            ("theme paper", "theme:paper"),
            (">quit", "action:app.quit"),
        ):
            screen.search.value = typed
            await until(lambda key=key: screen.list.chosen_key == key)  # type: ignore[misc]
        screen.search.value = "@notes"
        await until(lambda: screen.list.chosen_key == "file:notes.md")
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.composer.draft == "@file:notes.md ")
        await stage.pilot.press("ctrl+p")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        again = stage.app.screen
        assert isinstance(again, PickScreen)
        assert again.list.chosen_key == "file:notes.md"


@pytest.mark.ac("file-preview")
async def test_a_file_is_looked_at_before_it_is_chosen_where_there_is_room(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("# What to do\n[b]not markup[/b]\n")
    (tmp_path / "picture.bin").write_bytes(b"\0" * 1200)
    async with staged(home, size=(170, 40)) as stage:
        stage.app.chat.state.cwd = str(tmp_path)
        await stage.pilot.press("ctrl+p")
        await until(lambda: "Files" in stage.app.palette.sources.groups())
        screen = stage.app.screen
        assert isinstance(screen, PickScreen)
        screen.search.value = "@notes"
        await until(lambda: "[b]not markup[/b]" in stage.shown_text())
        screen.search.value = "@picture"
        await until(lambda: "no text · 1,200 bytes" in stage.shown_text())
        screen.search.value = ">quit"
        await until(lambda: not screen.has_class("-peeking"))


@pytest.mark.ac("error-screen")
async def test_the_last_error_is_shown_whole_and_reported_masked(home: Home) -> None:
    stop = start_logging(home)
    try:
        async with staged(home, size=(100, 30)) as stage:
            await stage.send("/error")
            await until(lambda: "Nothing went wrong so far" in stage.shown_text())
            try:
                raise RuntimeError("the wheel came off with sk-0123456789abcdefghijkl")
            except RuntimeError:
                logging.getLogger("hermes_core.agent.x").exception("the turn broke")
            logging.getLogger("hermes_core.agent.x").warning("something else")
            stage.app.chat.state.failures = ["overloaded (529): try later"]
            await _opened(stage, "/error", ErrorScreen)
            shown = stage.shown_text()
            for words in ("overloaded (529)", "the turn broke", "RuntimeError: the wheel came off"):
                assert words in shown
            assert "something else" not in shown
            await stage.pilot.press("r")
            await until(lambda: "The report is in" in stage.shown_text())
    finally:
        stop()
    [report] = home.logs.glob("report-*.txt")
    assert "the wheel came off" in report.read_text()
    assert "0123456789abcdefghijkl" not in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_a_title_of_a_sheet_is_safe_whatever_it_says() -> None:
    assert str(sheet_title("rm \u202ea[b]\x1b[31m\n -rf").render()) == "rm a[b][31m  -rf"
