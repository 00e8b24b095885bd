"""The command line: what it loads, what it accepts, how it leaves."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from hermes_core.paths import Home
from hermes_tui._version import VERSION
from hermes_tui.command_line.arguments import joined, take_profile
from hermes_tui.command_line.chat_command import combined
from hermes_tui.command_line.cli import run
from hermes_tui.commands import COMMANDS
from hermes_tui.options import RunOptions

Captured = pytest.CaptureFixture[str]


def in_process_of_its_own(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "hermes_tui"]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


LOADED = """
import sys
before = set(sys.modules)
from hermes_tui.command_line.cli import run
assert run(sys.argv[1:]) == 0
print("\\n".join(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


@pytest.mark.ac("if-10-1")
def test_version_loads_click_and_the_constant_and_nothing_else() -> None:
    done = in_process_of_its_own("--version", code=LOADED)

    first, *modules = done.stdout.splitlines()
    assert first == f"hermes {VERSION}"
    foreign = {name for name in modules if name not in sys.stdlib_module_names}
    assert foreign <= {"hermes_tui", "click", "_distutils_hack"}


@pytest.mark.ac("if-10-1")
def test_help_of_every_command_works_and_loads_no_screen_and_no_sdk() -> None:
    code = """
import io, contextlib, sys
from hermes_tui.command_line.cli import run
from hermes_tui.commands import COMMANDS
for name in COMMANDS:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run([name, "--help"]) == 0, name
    assert "Usage: hermes " + name in out.getvalue()
print(sorted({"textual", "rich", "openai", "anthropic", "ruamel"} & set(sys.modules)))
"""
    done = in_process_of_its_own(code=code)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_help_page_lists_every_command(capsys: Captured) -> None:
    assert run(["--help"]) == 0

    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.ac("if-10-2")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["nope"],
        ["chat", "--nope"],
        ["chat", "-Q"],
        ["chat", "-q", "x", "--format", "xml"],
        ["chat", "-q", "x", "--max-turns", "0"],
        ["chat", "-q", "x", "--max-cost", "0"],
        ["config", "set", "a"],
        ["--serve", "nothing-known"],
        ["--serve", "acp", "api"],
        ["--serve", "api", "status"],
    ],
)
def test_wrong_usage_says_so_on_the_error_stream_and_exits_2(
    capsys: Captured, arguments: list[str]
) -> None:
    assert run(arguments) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Usage: hermes" in shown.err


@pytest.mark.parametrize(
    ("arguments", "name", "rest"),
    [
        (["-p", "a", "chat"], "a", ["chat"]),
        (["chat", "--profile", "a"], "a", ["chat"]),
        (["chat", "--profile=a", "-q", "-p"], "a", ["chat", "-q", "-p"]),
        (["run", "--", "-p", "a"], None, ["run", "--", "-p", "a"]),
        (["-p"], None, ["-p"]),
    ],
)
def test_the_profile_is_taken_out_of_the_arguments(
    arguments: list[str], name: str | None, rest: list[str]
) -> None:
    assert take_profile(arguments) == (name, rest)


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["-c"], ["--continue="]),
        (["-c", "my", "old", "plan", "chat"], ["--continue=my old plan", "chat"]),
        (["-c", "chat"], ["--continue=", "chat"]),
        (["-r", "a", "b", "-q", "x"], ["--resume=a b", "-q", "x"]),
        (["-r"], ["--resume"]),
        (["chat", "-q", "-c", "--yolo"], ["chat", "-q", "-c", "--yolo"]),
        (["--serve"], ["--serve="]),
        (["--serve", "api", "web"], ["--serve=api,web"]),
        (["--", "-c", "x"], ["--", "-c", "x"]),
    ],
)
def test_words_behind_an_option_become_one_value(
    arguments: Sequence[str], result: list[str]
) -> None:
    assert joined(arguments, commands=COMMANDS) == result


@pytest.mark.ac("cli-profile")
def test_an_unknown_profile_is_an_error(capsys: Captured) -> None:
    assert run(["-p", "nope", "chat"]) == 1

    assert capsys.readouterr().err.startswith("Error: Profile 'nope' does not exist.")


@pytest.mark.ac("cli-profile")
def test_a_profile_is_a_home_of_its_own_and_can_be_sticky(home: Home) -> None:
    place = home.root / "profiles" / "work"
    place.mkdir(parents=True)

    named = in_process_of_its_own("-p", "work", "config", "path").stdout
    (home.root / "active_profile").write_text("work\n")
    sticky = in_process_of_its_own("config", "path").stdout
    default = in_process_of_its_own("-p", "default", "config", "path").stdout
    (home.root / "active_profile").write_text("gone\n")
    ignored = in_process_of_its_own("config", "path")

    assert named == sticky == f"{place / 'config.yaml'}\n"
    assert default == ignored.stdout == f"{home.config_file}\n"
    assert "ignored" in ignored.stderr


@pytest.mark.ac("cli-windows")
def test_native_windows_gets_one_line(capsys: Captured) -> None:
    assert run(["--version"], platform="win32") == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "WSL2" in shown.err


@pytest.mark.ac("if-10-7")
def test_a_home_that_cannot_be_made_is_one_clear_line(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HERMES_HOME", str(tmp_path / "file" / "home"))

    assert run(["config", "set", "display.skin", "x"]) == 1

    shown = capsys.readouterr().err
    assert shown.startswith("Error: ")
    assert shown.count("\n") == 1


@pytest.mark.ac("if-10-8")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_valid(shell: str) -> None:
    script = in_process_of_its_own("completion", shell)

    assert "_HERMES_COMPLETE" in script.stdout
    try:
        checked = subprocess.run([shell, "-n"], input=script.stdout, text=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"{shell} is not installed")
    assert checked.returncode == 0


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hermes do", "plain,doctor\n"),
        ("hermes sessions ren", "plain,rename\n"),
        ("hermes -p w", "plain,work\n"),
        ("hermes --serve w", "plain,web\n"),
        ("hermes chat --provider anth", "plain,anthropic\n"),
        ("hermes chat --image x", "file,x\n"),
        ("hermes auth list openai-", "plain,openai-codex\n"),
        ("hermes config set tui.emo", "plain,tui.emoji\n"),
        ("hermes config set tui.emoji t", "plain,true\n"),
        ("hermes config set approvals.mode s", "plain,smart\n"),
        ("hermes logs err", "plain,errors\n"),
    ],
)
def test_a_shell_is_offered_what_fits(
    home: Home, monkeypatch: pytest.MonkeyPatch, line: str, offered: str
) -> None:
    (home.root / "profiles" / "work").mkdir(parents=True)
    monkeypatch.setenv("_HERMES_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))

    assert in_process_of_its_own().stdout == offered


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m hermes_tui config schema | head -1; exit ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("{\n", "", 0)


DEMO = ["chat", "--provider", "demo", "-q", "hi"]


def started(
    *arguments: str, redirections: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the program from a shell that redirects its standard streams."""
    command = shlex.join([sys.executable, "-m", "hermes_tui", *arguments])
    return subprocess.run(
        ["bash", "-c", f"{command} {redirections}"],
        capture_output=True,
        env={**os.environ, **variables},
        encoding="utf-8",
        check=False,
        timeout=50,
    )


@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_like_one_nobody_reads(home: Home, redirections: str) -> None:
    done = started(*DEMO, redirections=redirections)

    assert done.returncode == 0
    assert "something unexpected" not in done.stderr
    assert list(home.logs.glob("crash-*")) == []
    assert home.database.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("arguments", [["--version"], ["config"], DEMO])
def test_output_that_cannot_be_written_is_one_line_and_exit_1(arguments: list[str]) -> None:
    done = started(*arguments, redirections=">/dev/full")

    assert done.returncode == 1
    assert done.stderr.endswith("Error: standard output: No space left on device\n")
    assert "Exception" not in done.stderr


def test_characters_the_output_does_not_have_stop_nothing(home: Home) -> None:
    asked = ["chat", "--provider", "demo", "-q", "run echo 'héllo → 🙂'"]
    text = started(*asked, redirections="", PYTHONIOENCODING="ascii")
    json_ = started(*asked, "--format", "json", redirections="", PYTHONIOENCODING="ascii")

    assert (text.returncode, json_.returncode) == (0, 0)
    assert "h?llo ? ?" in text.stdout
    assert "héllo → 🙂" in json.loads(json_.stdout)["final_response"]
    assert list(home.logs.glob("crash-*")) == []


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = shlex.join([sys.executable, "-m", "hermes_tui", *DEMO])

    done = subprocess.run(
        ["bash", "-c", f"cd {gone} && rmdir {gone} && {command}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The folder you are in is gone.\n")


def test_lines_without_a_model_name_the_settings_that_were_not_read(home: Home) -> None:
    home.config_file.write_text("model: [unclosed\n")

    done = started("--plain", redirections="</dev/null")

    assert done.returncode == 3
    error, warning, *_ = done.stderr.splitlines()
    assert error == "Error: No model is configured."
    assert warning.startswith(f"{home.config_file}:")


def test_a_mistyped_command_gets_the_nearest_one_told(capsys: Captured) -> None:
    assert run(["sesions"]) == 2
    assert "Did you mean one of: 'sessions'" in capsys.readouterr().err
    assert run(["what", "is", "this"]) == 2
    assert "To ask the agent something: hermes chat -q TEXT" in capsys.readouterr().err


def test_help_pages_hold_no_words_for_programmers(capsys: Captured) -> None:
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert "Raises:" not in capsys.readouterr().out, name


def test_options_before_and_behind_the_command_are_put_together() -> None:
    behind = {"query": "x", "continue_": "", "resume": None, "yolo": False, "checkpoints": False}

    options = combined({"yolo": True, "continue_": "old", "resume": "id", "query": None}, behind)

    assert (options.query, options.continue_, options.resume) == ("x", "", "id")
    assert options.yolo is True


def test_options_become_settings_that_win() -> None:
    options = RunOptions(model="m", max_turns=3, max_cost=0.5, max_tokens=900, checkpoints=False)

    assert options.overrides() == {
        "model.default": "m",
        "agent.max_turns": 3,
        "agent.max_cost_usd": 0.5,
        "agent.max_total_tokens": 900,
        "checkpoints.enabled": False,
    }


@pytest.mark.ac("own-headers")
def test_headers_of_a_provider_are_shown_masked(home: Home, capsys: Captured) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    home.config_file.write_text(
        "providers: {work: {base_url: 'https://relay.example/v1',"
        " headers: {X-Key: plain-secret-value}}}\n"
    )
    for asked in ("show", "get providers.work.headers", "get providers.work.headers.X-Key"):
        assert run(["config", *asked.split()]) == 0
        shown = capsys.readouterr().out
        assert "plain-...alue" in shown
        assert "plain-secret-value" not in shown


def test_config_set_get_show_and_unset(home: Home, capsys: Captured) -> None:
    key = "sk-live-" + "a1b2c3d4" * 4
    assert run(["config", "set", "model.api_key", key]) == 0
    assert run(["config", "set", "anthropic_api_key", key]) == 0
    assert run(["config", "show", "--json", "--origin"]) == 0
    shown = capsys.readouterr().out
    assert key not in shown
    assert run(["config", "get", "model.api_key", "--origin"]) == 0
    assert capsys.readouterr().out == "sk-liv...c3d4  [config.yaml]\n"
    assert run(["config", "get", "display.skn"]) == 1
    assert "display.skin" in capsys.readouterr().err
    assert run(["config", "unset", "model.api_key"]) == 0
    assert run(["config", "unset", "model.api_key"]) == 1
    assert key in home.env_file.read_text()


def test_a_value_may_begin_with_a_dash(home: Home, capsys: Captured) -> None:
    assert run(["config", "set", "agent.system_prompt", "- be brief"]) == 0
    assert home.config_file.read_text() == 'agent:\n  system_prompt: "- be brief"\n'
    assert run(["config", "set", "agent.max_turns", "-3"]) == 1
    assert "should be 1 or more, not -3" in capsys.readouterr().err


def test_a_key_of_env_can_be_asked_for_and_is_masked(home: Home, capsys: Captured) -> None:
    assert run(["config", "get", "OPENAI_API_KEY"]) == 1
    assert "OPENAI_API_KEY is not set" in capsys.readouterr().err
    home.env_file.write_text("OPENAI_API_KEY=sk-live-a1b2c3d4a1b2c3d4\n")

    assert run(["config", "get", "OPENAI_API_KEY", "--origin"]) == 0
    assert capsys.readouterr().out == "sk-liv...c3d4  [.env]\n"


@pytest.mark.parametrize(("key", "name"), [("display.skin", "slate"), ("tui.theme", "nord")])
def test_a_look_that_is_not_there_is_set_with_a_warning(
    home: Home, capsys: Captured, key: str, name: str
) -> None:
    assert run(["config", "set", key, name]) == 0
    assert capsys.readouterr().err == ""
    assert run(["config", "set", key, "harbour"]) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("Warning: there is no ")
    assert name in shown


def test_what_cannot_be_read_cannot_be_migrated(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("max_turns: [3\n")

    assert run(["config", "migrate"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{home.config_file}:2: " in shown.err


def test_config_check_names_what_is_wrong_and_fails(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("agent:\n  max_turn: 3\n")

    assert run(["config", "check"]) == 1
    assert f"{home.config_file}:2: agent.max_turn: " in capsys.readouterr().out
    home.config_file.write_text("agent:\n  max_turns: 3\n")
    assert run(["config", "check"]) == 0


def test_config_edit_opens_the_editor_and_checks_after_it(
    home: Home, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = tmp_path / "an editor"
    editor.write_text('#!/bin/sh\nprintf "%s: [\\n" "$1" > "$2"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"'{editor}' word")

    assert run(["config", "edit"]) == 1
    assert home.config_file.read_text() == "word: [\n"
    assert f"{home.config_file}:" in capsys.readouterr().out


def test_config_migrate_renames_older_spellings_once(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("# mine\nmax_turns: 4   # few\nmodel: m\n")

    assert run(["config", "migrate"]) == 0
    text = home.config_file.read_text()
    assert "# mine" in text
    assert "agent:\n  max_turns: 4\n" in text
    assert run(["config", "migrate"]) == 0
    assert capsys.readouterr().out.endswith("Nothing to change.\n")


@pytest.mark.ac("doctor-files")
def test_doctor_mends_missing_files_and_then_finds_none(home: Home, capsys: Captured) -> None:
    home.root.rmdir()
    assert run(["doctor"]) in (0, 1)
    before = capsys.readouterr().out
    assert "does not exist" in before

    run(["doctor", "--fix"])
    capsys.readouterr()
    run(["doctor", "--json"])

    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {one["state"] for one in findings if one["section"] == "Files"} == {"ok"}


def test_doctor_fails_on_a_broken_file_and_a_broken_database(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("a: [\n")
    home.database.write_bytes(b"SQLite format 3\0" + b"x" * 2000)

    assert run(["doctor", "--json"]) == 1
    bad = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["state"] == "bad"]
    assert [one["section"] for one in bad] == ["Files", "Store"]


@pytest.mark.ac("local-file")
def test_doctor_names_a_model_file_that_cannot_answer(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("model: {provider: local, default: /nowhere/small.gguf}\n")

    run(["doctor", "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (model,) = [one for one in findings if one["section"] == "Model"]
    assert model["state"] == "bad"
    assert "/nowhere/small.gguf cannot be read" in model["text"]


def test_doctor_blames_no_database_for_a_full_disk(
    home: Home, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.database.write_bytes(b"SQLite format 3\0" + b"x" * 2000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))

    assert run(["doctor"]) == 1

    shown = capsys.readouterr().out
    assert f"✗ the disk with {home.root} is full" in shown
    assert "hermes.db could not be looked at" in shown
    assert "backup" not in shown


def test_doctor_fails_on_a_model_nobody_can_reach(home: Home, capsys: Captured) -> None:
    home.config_file.write_text("model: {base_url: no url}\n")

    assert run(["doctor"]) == 1

    shown = capsys.readouterr().out
    assert "✗ 'no url' is not an http or https address." in shown
    assert "Set model.base_url" in shown


@pytest.mark.ac("if-10-11")
def test_status_has_no_escape_and_no_key(home: Home, capsys: Captured) -> None:
    key = "sk-live-" + "a1b2c3d4" * 4
    home.env_file.write_text(f"OPENAI_API_KEY={key}\n")

    assert run(["status"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert key not in shown
    assert "OPENAI_API_KEY sk-liv...c3d4 (.env)" in shown


@pytest.mark.ac("logs-command")
@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["gateway"], ["--level", "LOUD"], ["--since", "soon"], ["--component", "x"]],
)
def test_logs_refuses_what_it_does_not_know(
    home: Home, capsys: Captured, arguments: list[str]
) -> None:
    assert run(["logs", *arguments]) == 1
    before_any_log = capsys.readouterr().err
    assert before_any_log.startswith("Error: ")
    home.logs.mkdir()
    (home.logs / "agent.log").write_text("")

    assert run(["logs", *arguments]) == 1
    assert capsys.readouterr().err == before_any_log  # what is wrong does not depend on files


@pytest.mark.ac("logs-command")
def test_logs_prints_the_last_lines_that_pass(home: Home, capsys: Captured) -> None:
    home.logs.mkdir()
    lines = [f"2026-01-01 10:00:0{n},000 {level} [s{n}] x: m{n}" for n, level in enumerate("IEIE")]
    text = "\n".join(lines).replace(" I ", " INFO ").replace(" E ", " ERROR ")
    (home.logs / "agent.log").write_text(text + "\n")

    assert run(["logs", "-n", "1", "--level", "error"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header == f"--- {home.logs / 'agent.log'} [level=error] (last 1) ---"
    assert line.endswith("m3")
    assert run(["logs", "--json", "--session", "s1"]) == 0
    assert json.loads(capsys.readouterr().out)["message"] == "m1"
    assert run(["logs", "list"]) == 0
    assert "agent.log" in capsys.readouterr().out


def test_an_unexpected_error_is_one_line_and_a_report(home: Home) -> None:
    code = """
import sys
from hermes_tui import __main__
sys.excepthook = __main__.report_crash
raise ZeroDivisionError("oh")
"""
    done = in_process_of_its_own(code=code)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "ZeroDivisionError: oh" in done.stderr
    assert len(list(home.logs.glob("crash-*.txt"))) == 1
    assert os.environ["HOME"] in done.stderr
