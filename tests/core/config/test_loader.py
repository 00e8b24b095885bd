"""Precedence, warnings, expansion."""

from __future__ import annotations

import pytest

from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.paths import Home


def load(home: Home, text: str = "", *, env: str = "", **environ: str) -> LoadedSettings:
    if text:
        home.config_file.write_text(text, encoding="utf-8")
    if env:
        home.env_file.write_text(env, encoding="utf-8")
    return load_settings(home, environ=environ)


def test_an_empty_home_has_the_defaults_and_no_warnings(home: Home) -> None:
    loaded = load(home)

    assert loaded.settings.approvals.mode == "manual"
    assert loaded.settings.agent.max_turns == 90
    assert loaded.settings.display.busy_input_mode == "steer"
    assert loaded.settings.terminal.timeout == 180
    assert loaded.warnings == ()
    assert loaded.origin == {}


@pytest.mark.ac("config-precedence")
def test_flag_beats_environment_beats_file_beats_env_file_beats_default(home: Home) -> None:
    text = "agent:\n  max_turns: 30\nterminal:\n  timeout: 20\n"
    dotenv = "HERMES_MAX_ITERATIONS=10\nTERMINAL_TIMEOUT=11\nTERMINAL_LIFETIME_SECONDS=12\n"
    home.config_file.write_text(text)
    home.env_file.write_text(dotenv)

    loaded = load_settings(
        home,
        environ={"HERMES_MAX_ITERATIONS": "40", "HERMES_MODEL": "exported"},
        overrides={"model.default": "flagged"},
    )

    settings = loaded.settings
    assert settings.model.default == "flagged"
    assert settings.agent.max_turns == 40
    assert settings.terminal.timeout == 20
    assert settings.terminal.lifetime_seconds == 12
    assert settings.terminal.max_foreground_timeout == 600
    assert loaded.origin["model.default"] == "flag"
    assert loaded.origin["agent.max_turns"] == "environment HERMES_MAX_ITERATIONS"
    assert loaded.origin["terminal.timeout"] == "config.yaml"
    assert loaded.origin["terminal.lifetime_seconds"] == ".env TERMINAL_LIFETIME_SECONDS"
    assert [warning.key for warning in loaded.warnings] == ["agent.max_turns"]
    assert loaded.warnings[0].kind == "override"


@pytest.mark.ac("config-bad-value")
def test_a_bad_value_gives_way_with_one_warning_naming_file_line_and_key(home: Home) -> None:
    loaded = load(home, "# top\nagent:\n  max_turns: many\n  verbose: true\n")

    assert loaded.settings.agent.max_turns == 90
    assert loaded.settings.agent.verbose is True
    (warning,) = loaded.warnings
    assert (warning.file, warning.line, warning.key) == (home.config_file, 3, "agent.max_turns")
    assert str(warning).startswith(f"{home.config_file}:3: agent.max_turns: ")


def test_a_bad_variable_lets_the_file_have_its_say(home: Home) -> None:
    loaded = load(home, "agent:\n  max_turns: 30\n", HERMES_MAX_ITERATIONS="lots")

    assert loaded.settings.agent.max_turns == 30
    assert any("HERMES_MAX_ITERATIONS" in str(one) for one in loaded.warnings)


def test_a_value_that_fits_no_part_of_a_union_costs_only_itself(home: Home) -> None:
    loaded = load(home, "agent:\n  tool_use_enforcement: 3.5\n  max_turns: 7\n")

    assert loaded.settings.agent.tool_use_enforcement == "auto"
    assert loaded.settings.agent.max_turns == 7
    assert [warning.key for warning in loaded.warnings] == ["agent.tool_use_enforcement"]


def test_two_bad_entries_of_a_list_leave_the_good_one(home: Home) -> None:
    text = (
        "model: x\nfallback_providers:\n  - {provider: [1]}\n  - {provider: b}\n  - {model: [2]}\n"
    )

    loaded = load(home, text)

    assert [entry.provider for entry in loaded.settings.fallback_providers] == ["", "b", ""]
    assert [warning.line for warning in loaded.warnings] == [5, 3]


@pytest.mark.ac("config-other-versions")
def test_settings_of_other_versions_are_neither_used_nor_reported(home: Home) -> None:
    text = """
    memory: {memory_enabled: true, user_char_limit: 1375}
    security: {website_blocklist: {enabled: true, domains: [x.example]}, allow_private_urls: true}
    website_blocklist: {enabled: false}
    network: {update_check: false, hub_index: false}
    approvals: {gateway_timeout: 300, cron_mode: deny}
    tui: {inline: true, sound: true}
    telegram: {token: x}
    """
    loaded = load(home, text.replace("\n    ", "\n"))
    assert loaded.warnings == ()
    assert loaded.settings.network.models_dev is True


@pytest.mark.ac("config-unknown-key")
def test_an_unknown_key_is_reported_with_the_nearest_known_one(home: Home) -> None:
    loaded = load(home, "approvals:\n  mode: smart\n  timout: 5\n")

    (warning,) = loaded.warnings
    assert (warning.line, warning.key, warning.nearest) == (
        3,
        "approvals.timout",
        "approvals.timeout",
    )


def test_keys_of_other_versions_are_accepted_in_silence(home: Home) -> None:
    text = "_config_version: 17\nstt: {enabled: true}\nterminal: {docker_image: x}\nmcp_servers: {a: {}}\n"

    assert load(home, text).warnings == ()


def test_names_chosen_by_the_user_are_known_and_what_is_below_is_checked(home: Home) -> None:
    loaded = load(home, "providers:\n  mine:\n    url: http://h/v1\n    modle: x\n")

    assert loaded.settings.providers["mine"].base_url == "http://h/v1"
    assert [warning.key for warning in loaded.warnings] == ["providers.mine.modle"]


@pytest.mark.ac("if-10-6")
def test_invalid_yaml_gives_the_defaults_and_one_warning_with_the_line(home: Home) -> None:
    loaded = load(home, "agent:\n  max_turns: 5\n bad: [\n")

    assert loaded.is_broken
    assert loaded.settings.agent.max_turns == 90
    (warning,) = loaded.warnings
    assert warning.line == 3
    assert warning.kind == "syntax"


@pytest.mark.ac("if-10-6")
def test_invalid_yaml_keeps_the_last_good_values_when_there_are_any(home: Home) -> None:
    good = load(home, "agent:\n  max_turns: 5\n")
    home.config_file.write_text("agent: {")

    later = load_settings(home, environ={}, previous=good)

    assert later.settings.agent.max_turns == 5
    assert later.is_broken


@pytest.mark.parametrize("text", ["- a\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_reported(home: Home, text: str) -> None:
    loaded = load(home, text)

    assert loaded.is_broken
    assert len(loaded.warnings) == 1


@pytest.mark.ac("config-yaml-words")
@pytest.mark.parametrize(("written", "read"), [("off", "off"), ("on", "all"), ("NEW", "new")])
def test_off_and_on_are_words_where_words_are_expected(home: Home, written: str, read: str) -> None:
    loaded = load(home, f"display:\n  tool_progress: {written}\n")

    assert loaded.settings.display.tool_progress == read
    assert loaded.warnings == ()


@pytest.mark.parametrize(("written", "read"), [("off", "off"), ("on", "manual"), ("''", "manual")])
def test_approvals_are_never_switched_off_by_anything_but_off(
    home: Home, written: str, read: str
) -> None:
    assert load(home, f"approvals:\n  mode: {written}\n").settings.approvals.mode == read


def test_variables_in_values_are_expanded_and_unset_ones_stay(home: Home) -> None:
    loaded = load(
        home,
        "model:\n  api_key: ${A_KEY}\n  base_url: http://${B}/$A_KEY\n",
        env="A_KEY=from-file\n",
    )

    assert loaded.settings.model.api_key == "from-file"
    assert loaded.settings.model.base_url == "http://${B}/$A_KEY"
    assert loaded.written["model"]["api_key"] == "${A_KEY}"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("model: gpt", "model.default"),
        ("model: {model: gpt}", "model.default"),
        ("model: {api: key-of-mine}", "model.api_key"),
        ("fallback_model: {provider: p, model: m}", "fallback_providers"),
        ("max_turns: 3", "agent.max_turns"),
        ("checkpoints: false", "checkpoints.enabled"),
        ("terminal: {env_type: ssh}", "terminal.backend"),
        ("platforms: {api_server: {port: 1}}", "api_server.port"),
    ],
)
def test_older_and_shorter_spellings_are_read(home: Home, text: str, key: str) -> None:
    loaded = load(home, text)

    assert loaded.origin[key] == "config.yaml"
    assert loaded.warnings == ()


def test_a_bad_value_in_an_older_spelling_is_found_in_the_file(home: Home) -> None:
    (warning,) = load(home, "\nmax_turns: -4\n").warnings

    assert (warning.line, warning.key) == (2, "agent.max_turns")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("custom_providers: {a: {base_url: x}}\nmodel: m", "custom_providers"),
        ("custom_providers: [{name: a}]\nmodel: m", "custom_providers.0"),
        ("fallback_model: [x]", "fallback_model"),
        ("model: {fallback_model: {}}", "model.fallback_model"),
        ("custom_providers: [{name: a, base_url: b}]", "custom_providers"),
        ("base_url: http://x", "base_url"),
    ],
)
def test_common_mistakes_of_shape_get_one_sentence(home: Home, text: str, key: str) -> None:
    (warning,) = load(home, text).warnings

    assert (warning.kind, warning.key) == ("structure", key)


def test_an_exported_empty_variable_counts_as_absent(home: Home) -> None:
    loaded = load(home, "model: x", env="OPENAI_API_KEY=k\n", OPENAI_API_KEY="", HERMES_MODEL="")

    assert loaded.settings.model.default == "x"
    assert loaded.secrets.get("OPENAI_API_KEY") == "k"


def test_a_key_for_the_api_alone_switches_it_on(home: Home) -> None:
    assert load(home, API_SERVER_KEY="12345678").settings.api_server.enabled
    assert not load(home, API_SERVER_KEY="k", API_SERVER_ENABLED="no").settings.api_server.enabled


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("display: 3\n", "1: display: should be a section"),
        ("tui: {column_width: wide}\n", "1: tui.column_width: should be a whole number, not used"),
        ("tools:\n  max_parallel: 99\n", "2: tools.max_parallel: should be 32 or less, not used"),
        ("tui: {emoji: often}\n", "1: tui.emoji: should be true or false, not used"),
        ("model:\n\tdefault: x\n", "2: indented by a tab; YAML takes spaces only"),
        ("a: [x\nb: y\n", "(while parsing a flow sequence that begins in line 1)"),
    ],
)
def test_mistakes_are_told_in_words_of_the_file(home: Home, text: str, told: str) -> None:
    home.config_file.write_text(text)

    (warning,) = load_settings(home, environ={}).warnings

    assert told in str(warning)
