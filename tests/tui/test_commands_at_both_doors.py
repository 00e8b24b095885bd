"""Slash commands as a person meets them, on the screen and in the line mode alike."""

from __future__ import annotations

import pytest

from hermes_core.commands import (
    AskSide,
    Branch,
    Compact,
    CoreCommand,
    Interrupt,
    Reply,
    RevokeGrant,
    SetApprovalMode,
    SetReasoning,
    SetRuntime,
    SetTitle,
    SpawnBackground,
    Submit,
)
from hermes_core.events import ReasoningFinished, TurnStarted
from hermes_core.paths import Home
from hermes_tui.slash.command import COMMAND_REGISTRY
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.both_doors import (
    DOORS,
    DoorName,
    OnScreen,
    furnish,
    opened,
    submits,
)
from tests.tui.stage import staged

both = pytest.mark.parametrize("door", DOORS)


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
