"""Edits that keep what they do not change."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from hermes_core.config.editor import ConfigEditor
from hermes_core.config.env_file import EnvFile
from hermes_core.config.loader import load_settings
from hermes_core.errors import ConfigError
from hermes_core.paths import Home

TEXT = """\
# my settings
display:
  skin: 'ares'      # the red one
  tool_progress: off
model:
    default: "m"
    api_key: ${MY_KEY}   # from .env
unknown_thing: {a: [1,2],   b: ~}
list:
- x
"""


@pytest.fixture
def editor(home: Home) -> ConfigEditor:
    home.config_file.write_text(TEXT)
    return ConfigEditor(home, environ={})


@pytest.mark.ac("config-edit-keeps-text")
def test_setting_a_written_key_changes_its_bytes_alone(home: Home, editor: ConfigEditor) -> None:
    editor.set_text("display.skin", "slate")

    assert home.config_file.read_text() == TEXT.replace("'ares'", "'slate'")


@pytest.mark.ac("config-edit-keeps-text")
def test_adding_and_removing_a_key_keeps_comments_quotes_and_variables(
    home: Home, editor: ConfigEditor
) -> None:
    editor.set_text("display.show_cost", "yes")
    editor.set_text("agent.max_turns", "12")
    editor.unset_value("list")

    text = home.config_file.read_text()
    for kept in ("# my settings", "'ares'", "# the red one", "${MY_KEY}", "# from .env", '"m"'):
        assert kept in text
    assert "show_cost: true" in text
    assert "max_turns: 12" in text
    assert "list" not in text
    assert load_settings(home, environ={}).settings.agent.max_turns == 12


def test_several_keys_are_set_in_one_step_or_not_at_all(home: Home, editor: ConfigEditor) -> None:
    editor.set_values({"model.api_key": None, "model.provider": "openai", "model.base_url": None})

    text = home.config_file.read_text()
    assert "api_key" not in text
    assert "provider: openai" in text
    assert "'ares'      # the red one" in text

    with pytest.raises(ConfigError):
        editor.set_values({"model.provider": "xai", "model.max_tokens": "many"})
    with pytest.raises(ConfigError, match="mask"):
        editor.set_values({"model.provider": "xai", "model.api_key": "sk-a...bcde"})
    assert home.config_file.read_text() == text


def test_a_first_key_keeps_a_file_of_comments(home: Home) -> None:
    home.config_file.write_text("# one\n# two\n")

    ConfigEditor(home, environ={}).set_text("display.skin", "slate")

    assert home.config_file.read_text() == "# one\n# two\ndisplay:\n  skin: slate\n"


def test_removing_the_last_key_of_a_section_removes_the_section(home: Home) -> None:
    home.config_file.write_text("# note\nagent:\n  max_turns: 3\n")

    ConfigEditor(home, environ={}).unset_value("agent.max_turns")

    assert home.config_file.read_text() == "# note\n"


@pytest.mark.parametrize(
    ("key", "typed", "read"),
    [
        ("display.tool_progress", "off", "off"),
        ("approvals.mode", "off", "off"),
        ("display.show_cost", "on", True),
        ("agent.system_prompt", "yes", "yes"),
        ("agent.system_prompt", "12", "12"),
        ("agent.system_prompt", "a: b # c", "a: b # c"),
        ("agent.max_turns", "12", 12),
        ("compression.threshold", "0.7", 0.7),
        ("approvals.deny", '["rm *", "dd *"]', ("rm *", "dd *")),
    ],
)
def test_what_is_typed_is_what_is_read(home: Home, key: str, typed: str, read: object) -> None:
    ConfigEditor(home, environ={}).set_text(key, typed)

    value: object = load_settings(home, environ={}).settings
    for part in key.split("."):
        value = getattr(value, part)
    assert value == read
    assert load_settings(home, environ={}).warnings == ()


@pytest.mark.ac("config-secrets-apart")
def test_keys_and_tokens_go_to_the_env_file_and_nowhere_else(home: Home) -> None:
    home.env_file.write_text("# mine\nA=1\nOPENAI_API_KEY=old\nB=2\n")
    editor = ConfigEditor(home, environ={})

    edit = editor.set_text("openai_api_key", "sk new#1")

    assert edit.kind == "secret"
    assert home.env_file.read_text() == '# mine\nA=1\nOPENAI_API_KEY="sk new#1"\nB=2\n'
    assert load_settings(home, environ={}).secrets.get("OPENAI_API_KEY") == "sk new#1"
    assert not home.config_file.exists()
    editor.unset_value("OPENAI_API_KEY")
    assert home.env_file.read_text() == "# mine\nA=1\nB=2\n"


@pytest.mark.ac("config-private-files")
def test_both_files_are_readable_by_their_owner_alone(home: Home, editor: ConfigEditor) -> None:
    home.config_file.chmod(0o644)
    editor.set_text("display.skin", "slate")
    editor.set_text("X_TOKEN", "t")

    for file in (home.config_file, home.env_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.ac("config-masked-refused")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("OPENAI_API_KEY", "sk-abc...1234"),
        ("OPENAI_API_KEY", "***"),
        ("model.api_key", "sk-abc...1234"),
        ("agent.system_prompt", "use «redacted:ghp_…»"),
    ],
)
def test_a_masked_value_is_never_written(home: Home, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match="mask"):
        ConfigEditor(home, environ={}).set_text(key, value)

    assert not home.config_file.exists()
    assert not home.env_file.exists()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("approvals.timeout", "soon", "whole number"),
        ("display.tool_progress", "loud", "'off', 'new', 'all' or 'verbose'"),
        ("display", "x", "section"),
        ("a..b", "x", "dotted"),
        ("list.deeper", "x", "plain value"),
    ],
)
def test_an_impossible_value_is_refused(
    home: Home, editor: ConfigEditor, key: str, value: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        editor.set_text(key, value)

    assert home.config_file.read_text() == TEXT


@pytest.mark.ac("config-other-versions")
def test_a_key_of_other_versions_is_written_with_a_note(home: Home) -> None:
    edit = ConfigEditor(home).set_text("memory.memory_enabled", "false")
    assert "memory_enabled: false" in home.config_file.read_text("utf-8")
    assert "this version does not use this key" in str(edit)


def test_an_unknown_key_is_written_with_a_note(home: Home) -> None:
    edit = ConfigEditor(home, environ={}).set_text("approvals.timout", "5")

    assert "approvals.timeout" in edit.note


def test_a_broken_file_is_left_as_it_is(home: Home) -> None:
    home.config_file.write_text("a: [\n")

    with pytest.raises(ConfigError, match="nothing was written"):
        ConfigEditor(home, environ={}).set_text("display.skin", "slate")
    assert home.config_file.read_text() == "a: [\n"


def test_a_linked_file_is_changed_where_it_lies(home: Home, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.yaml"
    real.write_text("display:\n  skin: a\n")
    home.config_file.symlink_to(real)

    ConfigEditor(home, environ={}).set_text("display.skin", "b")

    assert home.config_file.is_symlink()
    assert real.read_text() == "display:\n  skin: b\n"


@pytest.mark.parametrize("manager", ["homebrew", "nixos"])
def test_a_managed_install_names_the_command_instead(home: Home, manager: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ConfigEditor(home, environ={"HERMES_MANAGED": manager}).set_text("display.skin", "b")

    assert {"homebrew": "brew", "nixos": "nixos-rebuild"}[manager] in caught.value.hint


def _write_ten(root: Path, writer: int) -> None:
    editor = ConfigEditor(Home(root), environ={})
    for number in range(10):
        editor.set_value(f"personalities.w{writer}_{number}", f"text {number}")


@pytest.mark.ac("if-10-3")
def test_two_processes_writing_at_once_lose_no_key(home: Home) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_ten, args=(home.root, number)) for number in (1, 2)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(30)

    assert [process.exitcode for process in writers] == [0, 0]
    assert len(load_settings(home, environ={}).settings.agent.personalities) == 20


def test_a_key_is_set_beside_a_line_that_is_not_utf8(home: Home) -> None:
    home.env_file.write_bytes(b"NAME=caf\xe9\n")

    ConfigEditor(home, environ={}).set_text("NEW_API_KEY", "x")

    assert EnvFile.read(home.env_file).values == {"NAME": "café", "NEW_API_KEY": "x"}
