"""Slash commands as a person meets them, on the screen and in the line mode alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.commands import (
    AskSide,
    Branch,
    Compact,
    CoreCommand,
    Interrupt,
    Reply,
    RevokeGrant,
    Rewind,
    Rollback,
    SetApprovalMode,
    SetReasoning,
    SetRuntime,
    SetTitle,
    SpawnBackground,
    Submit,
    Undo,
)
from hermes_core.errors import StoreError
from hermes_core.events import CheckpointCreated, ReasoningFinished, TurnFinished, TurnStarted
from hermes_core.paths import Home
from hermes_tui.core_link.workspace import (
    CheckpointInfo,
    GrantInfo,
    ToolInfo,
)
from hermes_tui.slash.command import COMMAND_REGISTRY
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.both_doors import DOORS, DoorName, OnScreen, Place, opened
from tests.tui.stage import staged

both = pytest.mark.parametrize("door", DOORS)

SNAPSHOTS = [
    CheckpointInfo(checkpoint_id="abc123", created_at=0.0, cause="patch retry.py", file_count=2),
    CheckpointInfo(checkpoint_id="abd456", created_at=0.0),
]
GRANTS = [
    GrantInfo(key="recursive delete", scope="session"),
    GrantInfo(key="k2", scope="always", pattern="git push *"),
]


def furnish(place: Place) -> None:
    """Put something into every list."""
    place.workspace.checkpoint_list = SNAPSHOTS
    place.workspace.grant_list = GRANTS
    place.workspace.tool_list = [
        ToolInfo(name="terminal", toolset="shell"),
        ToolInfo(name="todo", toolset="plan", is_available=False, reason="not offered here"),
    ]


async def with_turns(place: Place, *texts: str) -> None:
    """Let some messages have been said."""
    for number, text in enumerate(texts, 1):
        place.session.say(*turns.user(number, text))
    await until(lambda: len(place.state.asked) == len(texts))


async def with_changes(place: Place) -> None:
    """Let a message have changed files in two folders, twice in one of them."""
    await with_turns(place, "make it blue")
    for checkpoint_id, folder in (("here-1", "/a"), ("there-1", "/b"), ("here-2", "/a")):
        place.session.say(
            CheckpointCreated(checkpoint_id=checkpoint_id, directory=folder, cause="patch")
        )
    await until(lambda: len(place.state.snapshots) == 3)


# --- what a line says --------------------------------------------------------------------


SAID = [
    ("/permission", "recursive delete"),
    ("/permission", "git push *"),
    ("/permission sometimes", "There is no mode “sometimes”"),
    ("/permission revoke", "needs a number of the list"),
    ("/permission revoke 3", "needs a number of the list"),
    ("/permission revoke ²", "needs a number of the list"),
    ("/title", "none yet; /title NAME sets one"),
    ("/resume nothing like it", "No conversation is called “nothing like it”"),
    ("/status", "hermes-4-405b via openrouter"),
    ("/status", "Approvals manual"),
    ("/stop", "Nothing runs"),
    ("/queue", "/queue MESSAGE sends it when the turn is over"),
    ("/steer", "/steer MESSAGE redirects the running turn"),
    ("/reasoning", "/reasoning none, minimal, low, medium, high or xhigh"),
    ("/background", "/background TASK lets an agent of its own work on it"),
    ("/btw", "/btw QUESTION is answered from the conversation"),
    ("/agents", "No agent works for this conversation"),
    ("/rollback 9", "There is no such snapshot"),
    ("/rollback ²", "There is no such snapshot"),
    ("/rollback ab", "There is no such snapshot"),
    ("/rollback diff 9", "There is no such snapshot"),
    ("/rewind", "There is nothing to go back to yet"),
    ("/rewind 3", "There is nothing to go back to yet"),
    ("/busy sideways", "There is no “sideways”"),
    ("/busy", "While a turn runs Enter does: steer"),
    ("/verbose loud", "There is no “loud”"),
    ("/save", "Nothing was said yet"),
    ("/reopen", "This conversation is open"),
    ("/model --global", "/model needs a name here"),
    ("/tools enable", "Which toolset?"),
    ("/tools disable nothing else", "There is no toolset nothing, else"),
    ("/toolsets", "· plan"),
    ("/fast lightning", "/fast does not know “lightning”"),
    ("/personality nobody", "There is no personality “nobody”"),
    ("/profile", "Profile default"),
    ("/reload", "Settings and keys are read again"),
    ("/reload-skills", "none new"),
]
"""Lines that are understood the same way everywhere, and what they say."""


@pytest.mark.parametrize(("line", "said"), SAID)
async def test_a_line_says(home: Home, line: str, said: str) -> None:
    async with opened("lines", home) as place:
        furnish(place)
        await place.send(line)
        await place.shows(said)
        assert not place.session.sent(Submit)


SAID_ON_SCREEN = [
    ("/details", "thinking collapsed (collapsed, expanded, hidden)"),
    ("/details thinking sideways", "thinking: collapsed, expanded, hidden"),
    ("/details nonsense", "tools, thinking, diffs"),
    ("/diff", "No file was changed in what is shown here"),
    ("/mouse maybe", "There is no “maybe”"),
    ("/copy second", "“second” is no number"),
    ("/copy 0", "“0” is no number"),
    ("/skin nosuch", "There is no skin “nosuch”"),
    ("/theme nosuch", "There is no theme “nosuch”"),
    ("/indicator nosuch", "There is no indicator “nosuch”"),
    ("/density nosuch", "There is no density “nosuch”"),
    ("/restore", "No earlier run left anything open"),
]


async def test_the_screen_says_the_same_and_more(home: Home) -> None:
    async with staged(home, size=(140, 40)) as stage:  # one screen for all: each costs 0.3 s
        place = OnScreen(stage)
        furnish(place)
        for line, said in (*SAID, *SAID_ON_SCREEN):
            stage.app.chat.transcript.clear()
            await place.send(line)
            await place.shows(said)
            await place.settle()
            stage.app.chat.composer.clear()
        assert not place.session.sent(Submit)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/details open", "hermes config set tui.reasoning expanded"),
        ("/diff", "/rollback diff shows all since"),
        ("/mouse off", "The mouse is the terminal's own here."),
        ("/copy 2", "every reply stands there as plain text"),
        ("/keys", "Ctrl+C stops the turn"),
        ("/theme paper", "hermes config set tui.theme NAME"),
        ("/indicator ascii", "hermes config set tui.indicator KIND"),
        ("/density roomy", "hermes config set tui.density NAME"),
        ("/statusbar", "There is no status row in the line mode"),
        ("/restore", "Drafts and tabs are kept by the full screen alone."),
        ("/redraw", "Nothing is drawn here."),
        ("/editor", "Several lines are one message if they are pasted"),
        ("/paste", "begins with the path of a picture has it attached"),
        ("/image x.png", "begins with the path of a picture has it attached"),
        ("/help nonsense", "Nothing is called nonsense; /help lists everything"),
        ("/help", "/quit, /exit, /q: leave the program"),
        ("/provider nobody", "There is nothing to choose from."),
        ("/tools", "Tools · 0 of 0 ready\nThere is nothing to choose from."),
    ],
)
async def test_the_line_mode_says_in_place_of_the_screen(home: Home, line: str, said: str) -> None:
    async with opened("lines", home) as place:
        await place.send(line)
        await place.shows(said)


# --- what a line asks of the conversation ------------------------------------------------


@both
@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/permission smart", SetApprovalMode(mode="smart")),
        ("/permission MANUAL please", SetApprovalMode(mode="manual")),
        ("/permission revoke 2", RevokeGrant(key="k2")),
        ("/title  a good name ", SetTitle(title="a good name")),
        ("/reasoning HIGH", SetReasoning(effort="high")),
        ("/queue and then this", Submit(text="and then this", mode="queue")),
        ("/steer rather that", Submit(text="rather that", mode="steer")),
        ("/background read it all", SpawnBackground(prompt="read it all")),
        ("/btw what is that?", AskSide(question="what is that?")),
        ("/compact the tests", Compact(focus="the tests")),
        ("/model --provider xai", SetRuntime(model="", provider="xai")),
        ("/branch other way", Branch(title="other way")),
    ],
)
async def test_a_line_asks_the_conversation_for(
    home: Home, door: DoorName, line: str, asked: CoreCommand
) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send(line)
        await until(lambda: place.session.sent(type(asked)))
        (sent,) = place.session.sent(type(asked))
        for field in asked.__struct_fields__:
            if field != "client":
                assert getattr(sent, field) == getattr(asked, field), field


@both
async def test_a_grant_that_was_taken_back_is_named(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send("/permission revoke 1")
        await place.shows("No longer allowed: recursive delete")


@both
async def test_stop_stops_what_runs(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        place.session.say(TurnStarted(turn_id="t1"))
        await until(lambda: place.state.is_busy)
        await place.send("/stop")
        await until(lambda: place.session.sent(Interrupt))


@both
async def test_a_refusal_of_the_conversation_is_told(home: Home, door: DoorName) -> None:
    def refuse(session: FakeSession, command: CoreCommand) -> Reply | None:
        return Reply(ok=False, code="bad", text="It cannot think so hard")

    async with opened(door, home, react=refuse) as place:
        await place.send("/reasoning fierce")
        await place.shows("It cannot think so hard")


@both
async def test_yolo_switches_on_after_a_question_and_off_without_one(
    home: Home, door: DoorName
) -> None:
    def modes() -> list[str]:
        found = place.session.sent(SetApprovalMode)
        return [one.mode for one in found if isinstance(one, SetApprovalMode)]

    async with opened(door, home) as place:
        await place.send("/yolo")
        await place.decline()
        await place.send("/permission off")
        await place.agree()
        await until(lambda: place.state.approval_mode == "off")
        assert modes() == ["off"]
        await place.send("/yolo")
        await until(lambda: place.state.approval_mode == "manual")
        assert modes() == ["off", "manual"]


# --- going back --------------------------------------------------------------------------


@both
async def test_undo_gives_the_message_back(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "make it blue")
        await place.send("/undo")
        await until(lambda: place.session.sent(Undo))
        await until(lambda: place.given_back() == "make it blue")


@both
async def test_rewind_goes_back_to_a_message_by_its_number(home: Home, door: DoorName) -> None:
    def take_back(session: FakeSession, command: CoreCommand) -> Reply | None:
        return Reply(ok=True, data={"text": "first"}) if isinstance(command, Rewind) else None

    async with opened(door, home, react=take_back) as place:
        await with_turns(place, "first", "second")
        await place.send("/rewind 2")
        await place.shows("Back to before “first”")
        await place.pick("The conversation")
        await place.agree()
        await until(lambda: place.session.sent(Rewind))
        (sent,) = place.session.sent(Rewind)
        assert isinstance(sent, Rewind)
        assert sent.message_id == "user-1"
        await until(lambda: place.given_back() == "first")


@both
@pytest.mark.parametrize(
    ("picked", "asked"),
    [
        ("Conversation and files", [Rollback, Rollback, Rewind]),
        ("The files", [Rollback, Rollback]),
    ],
)
async def test_going_back_restores_the_first_snapshot_of_each_folder(
    home: Home, door: DoorName, picked: str, asked: list[type[CoreCommand]]
) -> None:
    async with opened(door, home) as place:
        await with_changes(place)
        await place.send("/rewind")
        await place.shows("Go back to before")
        await place.pick("make it blue")
        await place.shows("Back to before “make it blue”")
        await place.pick("Show what would change")
        await place.shows("Going back would change")
        await place.leave_reading()
        await place.pick(picked)
        await place.agree()
        await until(lambda: len(place.session.commands) == len(asked))
        assert [type(command) for command in place.session.commands] == asked
        restored = [one for one in place.session.commands if isinstance(one, Rollback)]
        assert [(one.checkpoint_id, one.scope) for one in restored] == [
            ("here-1", "files"),
            ("there-1", "files"),
        ]


@both
async def test_where_a_file_cannot_be_restored_the_conversation_stays_too(
    home: Home, door: DoorName
) -> None:
    def refuse(session: FakeSession, command: CoreCommand) -> Reply | None:
        if isinstance(command, Rollback):
            return Reply(ok=False, code="failed", text="The folder is gone")
        return None

    async with opened(door, home, react=refuse) as place:
        await with_changes(place)
        await place.send("/rewind 1")
        await place.pick("Conversation and files")
        await place.agree()
        await place.shows("The folder is gone")
        assert len(place.session.sent(Rollback)) == 1
        assert not place.session.sent(Rewind)


# --- snapshots ---------------------------------------------------------------------------


@both
async def test_a_snapshot_is_restored_after_a_yes_alone(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send("/rollback 2")
        await place.shows("Restore this snapshot?")
        await place.shows("all files it holds and take the turn back")
        await place.decline()
        await place.send("/rollback abc1 src/retry.py")
        await place.shows("restores src/retry.py")
        await place.agree()
        await until(lambda: place.session.sent(Rollback))
        (sent,) = place.session.sent(Rollback)
        assert isinstance(sent, Rollback)
        assert (sent.checkpoint_id, sent.path) == ("abc123", "src/retry.py")


@both
async def test_what_a_snapshot_would_change_is_read_as_a_diff(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send("/rollback diff")
        await place.shows("Restoring “patch retry.py” would change")
        await place.shows("new")
        assert not place.session.sent(Rollback)


@both
async def test_without_snapshots_rollback_says_when_the_first_comes(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await place.send("/rollback")
        await place.shows("No snapshots yet; the first is taken before the first change")


# --- conversations -----------------------------------------------------------------------


@both
async def test_new_with_words_sends_them_into_the_new_conversation(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        await place.send("/new and now this")
        await place.settle()
        assert [one.text for one in submits(place)] == ["and now this"]
        assert not before.sent(Submit)


@both
@pytest.mark.parametrize("line", ["/new and now this", "/clear"])
async def test_where_no_new_conversation_can_be_begun_the_present_one_stays(
    home: Home, door: DoorName, line: str
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        place.workspace.open_problem = StoreError("the disk is full")
        await place.send(line)
        if line == "/clear":
            await place.agree()
        await place.shows("the disk is full")
        assert place.session is before
        assert not before.sent(Submit)
        assert not before.released


@both
async def test_clear_asks_first_where_something_was_said(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        await place.send("/clear")
        await place.shows("The present one stays in the list of sessions.")
        await place.decline()
        assert place.session is before
        await place.send("/clear")
        await place.agree()
        await until(lambda: before.released)
        await place.settle()
        assert place.session is not before


async def test_in_lines_a_new_conversation_waits_for_the_turn_and_takes_no_words(
    home: Home,
) -> None:
    async with opened("lines", home) as place:
        place.workspace.settings["platform_toolsets.cli"] = ["hermes-cli"]
        furnish(place)
        place.session.say(TurnStarted(turn_id="t1"))
        await until(lambda: place.state.is_busy)
        await place.send("/new and now this")
        await place.shows("Error: A turn is running here\n/stop ends it")
        await place.send("/tools enable plan")
        await place.shows("plan: offered from the next conversation on")
        assert not place.session.sent(Submit)
        place.session.say(TurnFinished(outcome="completed", reason="done", turn_id="t1"))
        await until(lambda: not place.state.is_busy)
        await place.send("/tools disable plan")
        await place.shows("plan: no longer offered from this conversation on")


@both
async def test_a_conversation_is_resumed_by_its_title(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        place.workspace.add_session("s8", title="Release notes for 2.4", events=turns.writing("x"))
        place.workspace.add_session("s9", title="release notes", events=turns.writing("y"))
        await place.send("/resume Release Notes")
        await until(lambda: place.state.session_id == "s9")


@both
async def test_a_conversation_whose_process_ended_is_opened_again(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        place.session.end()
        await until(lambda: place.state.is_closed)
        await place.send("/reopen")
        await place.settle()
        assert not place.state.is_closed
        await place.send("still there?")
        await until(lambda: place.session.sent(Submit))


# --- writing down ------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/save nowhere/talk.json", "nowhere/talk.json cannot be written: No such file"),
        ("/save ~nobody-of-that-name/talk.json", "talk.json cannot be written: No such file"),
        ("/export there.md", "there.md is there already"),
        ("/export", "Written to "),
        ("/history", "you: remember the milk"),
    ],
)
async def test_a_record_is_written_or_said_why_not(
    home: Home, tmp_path: Path, door: DoorName, line: str, said: str
) -> None:
    (tmp_path / "there.md").write_text("mine")
    async with opened(door, home) as place:
        await with_turns(place, "remember the milk")
        place.state.cwd = str(tmp_path)
        await place.send(line)
        await place.shows(said)
        assert (tmp_path / "there.md").read_text() == "mine"


async def test_history_of_nothing_leads_to_earlier_conversations(home: Home) -> None:
    async with opened("lines", home) as place:
        place.workspace.add_session("s9", title="release notes", events=turns.writing("y"))
        await place.send("/history")
        await place.shows("  1 release notes")
        await place.send("1")
        await until(lambda: place.state.session_id == "s9")


# --- settings ----------------------------------------------------------------------------


@both
async def test_a_configuration_with_a_mistake_is_not_put_in_force(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        place.workspace.config_problem = "config.yaml line 3: not a mapping"
        await place.send("/reload")
        await place.shows("config.yaml line 3: not a mapping")


async def test_thinking_opens_and_closes_as_details_says(home: Home) -> None:
    thought = "the end of the thought"
    async with opened("screen", home) as place:
        place.session.say(
            *turns.user(1, "think"),
            ReasoningFinished(message_id="a1", text=f"{'so ' * 60}\n\n{thought}", seconds=4),
            *turns.writing(),
            *turns.finished(),
        )
        await until(lambda: place.sees("Before you merge"))
        assert not place.sees(thought)
        await place.send("/details open")
        await place.shows(thought)
        await place.send("/details closed")
        await until(lambda: not place.sees(thought))
        await place.send("/details thinking expanded")
        await until(lambda: place.workspace.settings["tui.reasoning"] == "expanded")


async def test_diff_shows_the_changes_of_the_last_turn(home: Home) -> None:
    async with opened("screen", home) as place:
        place.session.say(*turns.work_so_far(), *turns.writing(), *turns.finished())
        await until(lambda: not place.state.is_busy and place.state.turns == 1)
        await place.send("/diff")
        await place.shows("Changes of the last turn")
        await place.shows("time.sleep(backoff(attempt))")


@both
async def test_no_command_breaks_on_words_it_does_not_know(home: Home, door: DoorName) -> None:
    left_out = {"quit", "editor"}  # one leaves, the other gives the terminal away
    async with opened(door, home) as place:
        place.workspace.settings |= {"platform_toolsets.cli": [], "agent.service_tier": ""}
        furnish(place)
        for command in COMMAND_REGISTRY.all():
            if command.name not in left_out:
                await place.send(f"/{command.name} ² ~nobody-of-that-name/x --provider")
                await place.settle()
        await place.send("still there?")
        await until(lambda: any(one.text == "still there?" for one in submits(place)))


def submits(place: Place) -> list[Submit]:
    """The messages that were sent."""
    return [one for one in place.session.sent(Submit) if isinstance(one, Submit)]
