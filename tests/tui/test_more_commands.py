"""Commands of one's own, skills, and those about the record and the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_core.commands import Branch, Reply, SetOverlay, SetServiceTier, Submit
from hermes_core.config.personalities import personalities
from hermes_core.config.schema import Settings
from hermes_core.errors import ConfigError
from hermes_core.host import Host, HostOptions
from hermes_core.messages import Message, Runtime, ToolCall
from hermes_core.paths import Home
from hermes_tui.copying import Copying
from hermes_tui.core_link.installed_skills import activation_text
from hermes_tui.core_link.provider_facts import provider_infos
from hermes_tui.core_link.setting_book import SettingBook
from hermes_tui.core_link.workspace import ModelInfo, ProviderInfo, ToolInfo
from hermes_tui.slash.command import COMMAND_REGISTRY, SlashCommand, find
from hermes_tui.slash.completion import slash_completions
from hermes_tui.slash.quick import commands_in_force, quick_commands, run_shell
from hermes_tui.slash.records import as_json, history_text
from hermes_tui.terminal.mouse import mouse_sequence
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged

QUICK = {
    "Disk": {"type": "exec", "command": "echo 12 GB free"},
    "broken": {"type": "exec", "command": "echo no such thing >&2; exit 3"},
    "yo": {"type": "alias", "target": "/title"},
    "old": "echo hi",
    "model": {"type": "exec", "command": "echo never"},
}


@pytest.mark.ac("quick-commands")
def test_ones_own_commands_come_after_those_of_the_program() -> None:
    names = [command.name for command in quick_commands(QUICK)]
    assert names == ["disk", "broken", "yo", "old"]
    assert quick_commands(["no mapping"]) == []
    commands = commands_in_force(QUICK)
    found = find("disk", commands)
    assert isinstance(found, SlashCommand)
    assert found.summary == "runs: echo 12 GB free"
    assert Settings.model_validate({"quick_commands": QUICK}).quick_commands == QUICK
    offers = slash_completions("/dis", commands, [])
    assert offers[0].label == "/disk"


@pytest.mark.ac("quick-commands")
async def test_ones_own_commands_run_without_the_model(home: Home, tmp_path: Path) -> None:
    async with staged(home) as stage:
        stage.app.chat.state.cwd = str(tmp_path)
        stage.workspace.settings["quick_commands"] = QUICK
        await stage.send("/DISK")
        await until(lambda: "12 GB free" in stage.shown_text())
        await stage.send("/broken")
        await until(lambda: "ended with 3" in stage.shown_text())
        await until(lambda: "no such thing" in stage.shown_text())
        await stage.send("/yo My Title")
        await until(lambda: stage.app.chat.state.title == "My Title")
        await stage.send("/old")
        await until(lambda: "quick_commands.old is not understood" in stage.shown_text())
        assert not stage.session.sent(Submit)


async def test_a_command_that_hangs_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    command = f"(sleep 0.6; touch {mark}) & sleep 60"
    assert await run_shell(command, tmp_path, limit_s=0.1) == (None, "")
    assert (await run_shell("sleep 0.8", tmp_path))[0] == 0
    assert not mark.exists()


@pytest.mark.ac("skill-text")
def test_using_a_skill_says_what_it_says_and_what_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "coding" / "triage"
    (folder / "scripts").mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: triage\n---\nRead the trace first.\n")
    (folder / "scripts" / "run.sh").write_text("")
    text = activation_text([tmp_path], "triage")
    assert text.startswith("[The person chose the skill “triage”")
    assert "Read the trace first." in text
    assert f"- {folder}/scripts/run.sh" in text
    assert "name: triage" not in text
    with pytest.raises(ConfigError, match="no skill other"):
        activation_text([tmp_path], "other")


MESSAGES = [
    Message(role="user", content="list it", timestamp=0.0),
    Message(role="assistant", tool_calls=(ToolCall(id="c1", name="terminal"),)),
    Message(role="tool", content="a\nb", tool_call_id="c1", tool_name="terminal"),
    Message(role="assistant", content="x" * 500),
]


def test_a_record_is_short_to_read_and_whole_to_keep() -> None:
    shown = history_text(MESSAGES)
    assert shown.split("\n\n")[:2] == ["you: list it", "[1 tool result]"]
    assert shown.endswith("…")
    kept = json.loads(as_json("gpt-5", MESSAGES))
    assert (kept["model"], kept["session_start"]) == ("gpt-5", "1970-01-01T00:00:00+00:00")
    assert kept["messages"][1]["tool_calls"][0]["name"] == "terminal"
    assert kept["messages"][3]["content"] == "x" * 500


@pytest.mark.ac("slash-save")
async def test_a_conversation_is_written_over_no_file_that_is_there(
    home: Home, tmp_path: Path
) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.user(1, "remember the milk"))
        await until(lambda: stage.app.chat.state.has_content)
        stage.app.chat.state.cwd = str(tmp_path)
        await stage.send("/save talk.json")
        await until(lambda: (tmp_path / "talk.json").is_file())
        await until(lambda: "Written to" in stage.shown_text())
        assert json.loads((tmp_path / "talk.json").read_text())["messages"][0]["role"] == "user"
        await stage.send("/save talk.json")
        await until(lambda: "is there already" in stage.shown_text())
        await stage.send("/save talk.md")
        await until(lambda: (tmp_path / "talk.md").is_file())
        assert (tmp_path / "talk.md").read_text() == "exported"


async def test_a_branch_is_shown_in_a_tab_of_its_own(home: Home) -> None:
    async with staged(
        home,
        react=lambda session, command: (
            Reply(ok=True, data={"session_id": "copy"}) if isinstance(command, Branch) else None
        ),
    ) as stage:
        stage.workspace.add_session("copy", title="Copy")
        stage.session.say(*turns.user(1, "said"))
        await until(lambda: stage.app.chat.state.has_content)
        await stage.send("/fork Copy")
        await until(lambda: stage.app.chat.state.session_id == "copy")


@pytest.mark.ac("slash-settings")
async def test_what_is_switched_by_a_command_is_in_force_and_kept(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/busy queue")
        await until(lambda: stage.workspace.settings["display.busy_input_mode"] == "queue")
        await until(lambda: stage.app.chosen.busy_mode == "queue")
        await stage.send("still there?")
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert submit.mode == "queue"
        await stage.pilot.press("ctrl+t")
        await until(lambda: stage.workspace.settings["display.tool_progress"] == "verbose")
        await stage.send("/verbose new")
        await until(lambda: stage.workspace.settings["display.tool_progress"] == "new")
        await stage.send("/mouse off")
        await until(lambda: not stage.app.chosen.uses_mouse)
        assert stage.workspace.settings["tui.mouse"] is False
    assert mouse_sequence(is_on=False).count("l") == 4


@pytest.mark.ac("slash-toolsets")
async def test_a_toolset_is_switched_off_for_new_conversations(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.settings["platform_toolsets.cli"] = ["hermes-cli"]
        stage.workspace.tool_list = [
            ToolInfo(name="read_file", toolset="file"),
            ToolInfo(name="terminal", toolset="terminal"),
            ToolInfo(name="process", toolset="terminal"),
            ToolInfo(name="todo", toolset="todo", is_available=False),
        ]
        await stage.send("/toolsets")
        await until(lambda: "terminal       process, terminal" in stage.shown_text())
        await stage.send("/tools disable terminal")
        await until(lambda: stage.workspace.settings["platform_toolsets.cli"] == ["file"])
        await stage.send("/tools enable todo")
        await until(
            lambda: (
                stage.workspace.settings["platform_toolsets.cli"] == ["file", "terminal", "todo"]
            )
        )
        await stage.send("/tools disable nothing")
        await until(lambda: "no toolset nothing" in stage.shown_text())


@pytest.mark.ac("slash-toolsets")
async def test_the_core_follows_what_is_switched(home: Home) -> None:
    host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
    try:
        book = SettingBook(host)
        assert "terminal" in host.selection.tools.names()
        await book.set_value("platform_toolsets.cli", ["file"])
        assert "read_file" in host.selection.tools.names()
        assert "terminal" not in host.selection.tools.names()
    finally:
        await host.aclose()


@pytest.mark.ac("slash-words")
def test_words_of_an_argument_are_offered_behind_a_command() -> None:
    commands = COMMAND_REGISTRY.all()

    def offered(text: str) -> list[str]:
        found = slash_completions(text, commands, [], ["fast", "deep"])
        return [offer.insert for offer in found]

    assert offered("/verbose ") == [f"/verbose {word}" for word in ("off", "new", "all", "verbose")]
    assert offered("/busy st")[0] == "/busy steer"
    assert offered("/model de") == ["/model deep"]
    assert offered("/title x") == []
    assert offered("/queue on") == []


@pytest.mark.ac("keys-by-place")
async def test_keys_of_two_meanings_go_by_what_stands_in_the_field(home: Home) -> None:
    async with staged(home) as stage:
        composer = stage.app.chat.composer
        first = stage.app.chat
        await stage.type("one two")
        await stage.pilot.press("ctrl+w", "ctrl+w", "ctrl+w", "ctrl+y")
        assert composer.draft == "one two"
        assert stage.app.open_panes() == [first]
        await stage.pilot.press("ctrl+c")
        assert composer.draft == ""
        stage.session.say(*turns.writing(), *turns.finished())
        await until(lambda: stage.app.chat.state.last_reply)
        copied: list[str] = []

        def locally(text: str) -> bool:
            copied.append(text)
            return True

        stage.app.copying = Copying(stage.app, locally=locally)
        await stage.pilot.press("ctrl+y")
        await until(lambda: copied == [stage.app.chat.state.last_reply])
        assert composer.draft == ""
        await stage.pilot.press("ctrl+w")
        await until(lambda: first not in stage.app.open_panes())


@pytest.mark.ac("personality")
async def test_a_personality_is_worn_at_once_and_kept(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/personality")
        await until(lambda: "as the model is" in stage.shown_text())
        await stage.type("pirate")
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(SetOverlay))
        worn = stage.session.sent(SetOverlay)[0]
        assert isinstance(worn, SetOverlay)
        assert "pirate captain" in worn.text
        await until(lambda: stage.workspace.settings["agent.system_prompt"] == worn.text)
        await stage.send("/personality neutral")
        await until(lambda: stage.workspace.settings["agent.system_prompt"] == "")
        await stage.send("/personality parrot")
        await until(lambda: "There is no personality" in stage.shown_text())
        stage.workspace.settings["agent.system_prompt"] = "words of my own"
        await stage.send("/personality noir")
        await until(lambda: "Replace the prompt you wrote?" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert stage.workspace.settings["agent.system_prompt"] == "words of my own"


@pytest.mark.ac("fast-mode")
async def test_fast_answers_are_offered_where_the_model_has_them_and_kept(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.settings["agent.service_tier"] = ""
        offers = stage.app.offers
        assert not [one.label for one in offers.complete("/fast") if "/fast" in one.label]
        stage.app.state.runtime = Runtime(model="gpt-5", provider="openai")
        assert [one.label for one in offers.complete("/fast")] == ["/fast [normal|fast|status]"]
        await stage.send("/fast on")
        await until(lambda: stage.workspace.settings["agent.service_tier"] == "fast")
        assert [getattr(one, "tier", "") for one in stage.session.sent(SetServiceTier)] == ["fast"]
        await stage.send("/fast lightning")
        await until(lambda: "does not know “lightning”" in stage.shown_text())


def test_a_personality_is_a_prompt_or_a_mapping_and_ones_own_wins() -> None:
    known = personalities(
        {
            "pirate": "Arr.",
            "boss": {"system_prompt": "Be brief.", "tone": "stern", "description": "no nonsense"},
            "empty": {"tone": "mild"},
        }
    )
    assert known["pirate"].prompt == "Arr."
    assert known["boss"].prompt == "Be brief.\nTone: stern"
    assert known["boss"].about == "no nonsense"
    assert len(known) == 16


@pytest.mark.ac("provider-list")
async def test_providers_are_listed_with_their_keys_and_lead_on(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.model_list = [ModelInfo(model="gpt-5", provider="openai", label="OpenAI")]
        stage.workspace.provider_list = [
            ProviderInfo(
                provider="openai",
                label="OpenAI",
                is_ready=True,
                access="OPENAI_API_KEY in .env",
                model_count=1,
            ),
            ProviderInfo(provider="xai", label="xAI", access="needs XAI_API_KEY"),
        ]
        await stage.send("/provider")
        await until(lambda: "needs XAI_API_KEY" in stage.shown_text())
        await until(lambda: "OPENAI_API_KEY in .env" in stage.shown_text())
        await stage.type("openai")
        await stage.pilot.press("enter")
        await until(lambda: "gpt-5" in stage.shown_text())


@pytest.mark.ac("provider-list")
async def test_the_core_says_which_key_a_provider_has_or_lacks(home: Home) -> None:
    home.env_file.write_text("OPENAI_API_KEY=sk-0123456789abcdef0123\n", "utf-8")
    host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
    try:
        found = {one.provider: one for one in provider_infos(host, host.resolve().runtime)}
        assert found["openai"].is_ready
        assert found["openai"].access.startswith("OPENAI_API_KEY in ")
        assert not found["anthropic"].is_ready
        assert "ANTHROPIC_API_KEY" in found["anthropic"].access
        assert found["demo"].access == "needs no key"
    finally:
        await host.aclose()
