"""`hermes sessions`: what it prints, asks, refuses."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from hermes_core.checkpoints.store import CheckpointStore
from hermes_core.errors import HermesError, SessionNotFound, TitleTaken
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.owner import current_owner
from hermes_core.storage.records import SessionRecord, SessionSummary
from hermes_core.storage.store import Store
from hermes_tui.command_line.cli import run as run_program
from hermes_tui.commands.sessions import fitted, group, pick, printable, resume, table
from tests.fakes.reference_home import ReferenceHome

NOW = 1_000_000_000.0


async def fill(home: Home) -> None:
    store = await Store.open(home, clock=lambda: NOW)
    for session_id, source, ended in (
        ("20250101_a1", "cli", 2.0),
        ("20250101_b2", "cli", None),
        ("tg", "telegram", None),
        ("hidden", "tool", None),
    ):
        await store.create_session(
            SessionRecord(id=session_id, source=source, started_at=1.0, ended_at=ended)
        )
        message = Message(role="user", content=f"hello from {session_id}\x1b[31m")
        await store.commit(session_id, messages=[message])
    await store.set_title("20250101_a1", "数据库 plan")
    await store.aclose()


@pytest.fixture
def filled(home: Home) -> Home:
    """A home with four conversations."""
    asyncio.run(fill(home))
    return home


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def test_the_list_shows_newest_first_and_no_control_characters(filled: Home) -> None:
    result = run("list")
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["Title", "Preview", "Last", "Active", "ID"]
    assert {line.split()[-1] for line in lines} == {"20250101_a1", "20250101_b2", "tg"}
    assert "\x1b" not in result.stdout
    assert run("list", "--source", "telegram").stdout.splitlines()[1].endswith("tg")
    assert "hidden" in run("list", "--source", "tool").stdout
    assert len(run("list", "--limit", "1").stdout.splitlines()) == 2


def test_without_titles_the_list_names_the_source(filled: Home) -> None:
    heading, line = run("list", "--source", "telegram").stdout.splitlines()
    assert heading.split() == ["Preview", "Last", "Active", "Src", "ID"]
    assert line.split()[-2:] == ["telegram", "tg"]


def test_an_empty_home_is_no_error(home: Home) -> None:
    result = run("list")
    assert (result.exit_code, result.stdout) == (0, "No sessions yet.\n")


def test_conversations_of_the_older_program_are_listed(home: Home) -> None:
    reference = ReferenceHome(home.reference_database)
    reference.add_session("older", title="From before")
    before = reference.checksum()
    assert "From before" in run("list").stdout
    assert run("list").stdout.count("From before") == 1
    assert reference.checksum() == before


def test_search_prints_the_marked_match(filled: Home) -> None:
    assert ">>>hello<<<" in run("search", "hello").stdout
    assert run("search", "nowhere").stdout == "No matching sessions found.\n"
    assert run("search", "--role", "assistant", "hello").stdout == "No matching sessions found.\n"
    assert run("search").exit_code == 2


@pytest.mark.ac("sessions-export")
def test_every_exported_line_is_one_whole_conversation(filled: Home, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in run("export", "-").stdout.splitlines()]
    assert {line["id"] for line in lines} == {"20250101_a1", "20250101_b2", "tg", "hidden"}
    assert all(line["messages"][0]["role"] == "user" for line in lines)
    out = tmp_path / "out.jsonl"
    result = run("export", str(out), "--session-id", "20250101_a")
    assert "Exported 1 session " in result.stdout
    assert json.loads(out.read_text())["title"] == "数据库 plan"
    assert out.stat().st_mode & 0o077 == 0
    assert len(run("export", "-", "--source", "telegram").stdout.splitlines()) == 1


def test_a_clash_of_titles_is_an_error(filled: Home) -> None:
    assert run("rename", "20250101_b", "my", "words").stdout == "Session renamed to: my words\n"
    result = run("rename", "tg", "my words")
    assert isinstance(result.exception, TitleTaken)
    assert str(result.exception) == "Title 'my words' is already in use by session 20250101_b2"


@pytest.mark.ac("sessions-delete-needs-yes")
def test_deleting_without_a_terminal_needs_yes(filled: Home) -> None:
    refused = run("delete", "tg")
    assert isinstance(refused.exception, HermesError)
    assert "--yes" in refused.exception.hint
    assert "tg" in run("list").stdout
    assert run("delete", "tg", "-y").stdout == "Session deleted.\n"
    assert isinstance(run("delete", "tg", "-y").exception, SessionNotFound)
    assert isinstance(run("delete", "20250101", "-y").exception, SessionNotFound)


def test_deleting_an_imported_conversation_says_where_its_copy_is(home: Home) -> None:
    ReferenceHome(home.reference_database).add_session("older")
    assert "state.db still holds its own copy" in run("delete", "older", "-y").stdout
    assert run("list").stdout == "No sessions yet.\n"


def test_the_snapshots_of_a_deleted_conversation_go_with_it(filled: Home, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("x")

    async def snapshot() -> None:
        checkpoints = CheckpointStore(filled)
        await checkpoints.snapshot(folder, cause="test", session_id="tg")
        await checkpoints.close()

    async def saved() -> int:
        return len(await CheckpointStore(filled).list(session_id="tg"))

    asyncio.run(snapshot())
    assert asyncio.run(saved()) == 1
    assert run("delete", "tg", "-y").exit_code == 0
    assert asyncio.run(saved()) == 0


def test_an_open_conversation_is_not_deleted(filled: Home) -> None:
    async def own() -> None:
        store = await Store.open(filled)
        await store.take_lease("tg", current_owner(""), now=NOW)
        await store.aclose()

    asyncio.run(own())
    refused = run("delete", "tg", "-y")
    assert isinstance(refused.exception, HermesError)
    assert "open in another process" in str(refused.exception)


def test_pruning_counts_what_it_deleted(filled: Home) -> None:
    assert isinstance(run("prune").exception, HermesError)
    assert run("prune", "--source", "telegram", "--yes").stdout == "Pruned 1 session(s).\n"
    assert run("prune", "--yes").stdout == "Pruned 3 session(s).\n"
    assert run("prune").stdout == "Pruned 0 session(s).\n"


def test_stats_and_reindex_name_numbers(filled: Home) -> None:
    lines = run("stats").stdout.splitlines()
    assert lines[:2] == ["Sessions: 4", "Messages: 4"]
    assert "  telegram: 1 session, 1 message" in lines
    assert run("reindex").stdout == "Indexed 4 messages.\n"


def test_browsing_without_a_terminal_is_refused(filled: Home) -> None:
    result = run("browse")
    assert isinstance(result.exception, HermesError)
    assert "interactive terminal" in str(result.exception)


def summary(session_id: str, title: str | None = None, source: str = "cli") -> SessionSummary:
    return SessionSummary(
        id=session_id,
        title=title,
        preview="p " + session_id,
        source=source,
        started_at=NOW,
        last_active=NOW - 7200,
        message_count=1,
        kind="root",
        model=None,
        parent_session_id=None,
    )


@pytest.mark.parametrize(
    ("answers", "chosen"),
    [
        (["2"], "b"),
        (["tele", "1"], "b"),
        (["PLAN", "1"], "a"),
        (["nothing", "", ""], None),
        (["9", "", "1"], "a"),
        ([""], None),
    ],
)
def test_picking_narrows_down_and_chooses(answers: list[str], chosen: str | None) -> None:
    said: list[str] = []
    left = iter(answers)
    found = [summary("a", "Plan"), summary("b", source="telegram")]
    assert pick(found, ask=lambda: next(left), say=said.append, now=NOW) == chosen
    assert list(left) == []
    assert said[1].startswith("  1  Plan")
    assert "2h ago" in said[1]


def test_resuming_becomes_the_program_itself() -> None:
    calls: list[tuple[str, list[str]]] = []

    class Replaced(Exception):
        pass

    def execute(program: str, arguments: list[str]) -> NoReturn:
        calls.append((program, arguments))
        raise Replaced

    with pytest.raises(Replaced):
        resume("s1", execute)
    assert calls == [(sys.executable, [sys.executable, "-m", "hermes_tui", "--resume", "s1"])]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("数据库", 5, "数据…"),
        ("数据库x", 6, "数据… "),
        ("a\x1b[0m\nb\u202e", 8, "a[0m b  "),
    ],
)
def test_columns_are_measured_in_cells(text: str, width: int, expected: str) -> None:
    assert fitted(text, width) == expected


@pytest.mark.parametrize("title", [None, "A title that is longer than its column is wide"])
def test_a_list_fits_the_terminal_and_keeps_ids_whole(title: str | None) -> None:
    found = [replace(summary("20261128_215826_950e0957", title), preview="word " * 30)]
    for width in (80, 100, 120):
        lines = table(found, now=NOW, width_cells=width)
        assert max(map(len, lines)) <= width
        assert lines[1].endswith("  20261128_215826_950e0957")
    assert len(table(found, now=NOW)[1]) > 85


def test_a_title_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b]0;x\x07\u200bb") == "a]0;xb"
    assert all("\x1b" not in line for line in table([summary("a", "\x1b[2J")], now=NOW))


def test_the_command_loads_no_screen(filled: Home) -> None:
    code = (
        "import sys; from hermes_tui.commands.sessions import group;"
        "group(['list'], standalone_mode=False);"
        "assert not {'textual', 'rich', 'openai', 'anthropic'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HERMES_HOME": str(filled.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "20250101_a1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["delete", "nope", "-y"], 1, "Error: No session found matching 'nope'."),
        (["rename", "tg", "x" * 101], 1, "Error: Title too long (101 chars, max 100)"),
        (["browse"], 1, "Error: sessions browse needs an interactive terminal."),
        (["list", "--limit", "0"], 2, "Usage: hermes sessions list [OPTIONS]"),
        (["nonsense"], 2, "Usage: hermes sessions [OPTIONS] COMMAND [ARGS]..."),
    ],
)
def test_errors_are_said_on_the_error_stream_with_the_right_code(
    filled: Home, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run_program(["sessions", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0] == said
    assert "Traceback" not in captured.err


def test_the_group_is_what_the_program_loads() -> None:
    assert isinstance(group, click.Group)
    assert set(group.commands) == {
        *("list", "browse", "search", "export", "rename", "delete", "prune", "stats", "reindex")
    }
