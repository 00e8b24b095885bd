"""Panes, palette, help, and the picture at every size."""

from __future__ import annotations

import pytest
from textual.dom import DOMNode

from hermes_core.commands import RevokeGrant
from hermes_core.paths import Home
from hermes_tui.actions.every_action import every_action
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import GrantInfo
from hermes_tui.panes.pane import PANE_REGISTRY
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.slash.command import COMMAND_REGISTRY
from hermes_widgets.footer_keys import FooterKeys
from hermes_widgets.tab_row import TabRow
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged


@pytest.mark.ac("sessions-pane")
async def test_a_conversation_is_found_by_its_words_and_opened(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.add_session("a", title="Release notes for 2.4", events=turns.writing("x"))
        stage.workspace.add_session("b", title="Why is staging slow?")
        await stage.pilot.press("alt+3")
        await until(lambda: "Why is staging slow?" in stage.shown_text())
        await stage.type("release")
        await until(lambda: "Why is staging slow?" not in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.state.session_id == "a")
        assert stage.app.shown_pane == "chat"


async def test_a_conversation_is_deleted_only_after_a_yes(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.add_session("a", title="Old one")
        await stage.pilot.press("alt+3")
        await until(lambda: "Old one" in stage.shown_text())
        await stage.pilot.press("f8")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.pause()
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert stage.workspace.deleted == []
        await stage.pilot.press("f8")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.pause()
        await stage.pilot.press("d")
        await until(lambda: stage.workspace.deleted == ["a"])


async def test_the_keys_one_needs_most_among_conversations_are_named_in_80_columns(
    home: Home,
) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await stage.pilot.press("alt+3")
        await until(lambda: "f8 delete" in stage.shown_text())
        await until(
            lambda: "⏎ open   f3 rename   f8 delete   f7 branch   f5 folder" in stage.shown_text()
        )


async def test_what_is_said_of_nothing_is_whole_in_a_narrow_drawer(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await stage.pilot.press("alt+5")
        await until(lambda: "Nothing waits for you" in stage.shown_text())
        await until(lambda: "for longer." in stage.shown_text())


async def test_a_skill_is_put_into_the_composer(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("alt+4")
        await until(lambda: "needs HUE_KEY" in stage.shown_text())
        await stage.type("pytest")
        await stage.pilot.pause()
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.composer.draft == "/pytest-triage ")


async def test_the_tool_pane_lists_plan_calls_and_files(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        stage.session.say(*turns.work_so_far())
        await stage.pilot.press("alt+2")
        await until(lambda: "3 of 5" in stage.shown_text())
        text = stage.shown_text()
        assert "pytest -q tests/test_retry.py" in text
        assert "exit 1" in text
        assert "+4 −3" in text
        await stage.pilot.press("escape")
        assert stage.app.shown_pane == "chat"


async def test_an_allowed_pattern_is_revoked_in_the_approval_pane(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.grant_list = [GrantInfo(key="pytest", scope="always", pattern="pytest …")]
        await stage.pilot.press("alt+5")
        await until(lambda: "pytest …" in stage.shown_text())
        await stage.pilot.press("delete")
        await until(lambda: stage.session.sent(RevokeGrant))


@pytest.mark.ac("palette-has-everything")
async def test_the_palette_lists_every_action_and_command(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("ctrl+p")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        screen = stage.app.screen
        assert isinstance(screen, PickScreen)
        keys = {row.key for row in screen.list.rows}
        assert {f"action:{action.id}" for action in every_action()} <= keys
        suited = [one for one in COMMAND_REGISTRY.all() if one.suits(stage.app.state)]
        assert {f"command:{command.name}" for command in suited} <= keys
        await stage.type(">tools")
        await stage.pilot.pause()
        await stage.pilot.press("enter")
        await until(lambda: stage.app.shown_pane == "tools")


async def test_help_lists_keys_and_commands_of_the_registries(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("f1")
        await until(lambda: "Help · keys and commands" in stage.shown_text())
        await stage.type("find in")
        await until(lambda: "in tui.keymap: chat.find" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)


async def test_help_of_the_conversation_begins_with_typing_and_finds_its_editing_keys(
    home: Home,
) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("f1")
        await until(lambda: "Help · keys and commands" in stage.shown_text())
        screen = stage.app.screen
        assert isinstance(screen, PickScreen)
        assert [row.text for row in screen.list.rows[:3]] == [
            "Typing",
            "Send; while the agent works, redirect it",
            "New line",
        ]
        await stage.type("cut word behind")
        await until(lambda: "in tui.keymap: composer.cut-word" in stage.shown_text())


@pytest.mark.ac("bindings-are-unique")
def test_no_key_is_bound_twice_in_one_scope_and_no_id_is_used_twice() -> None:
    actions = every_action()
    bound = [(action.pane, key) for action in actions for key in action.keys.split(",") if key]
    assert len(bound) == len(set(bound))
    ids = [action.id for action in actions]
    for widget in _own_classes(DOMNode):
        own = [binding for binding in vars(widget).get("BINDINGS", ()) if widget is not HermesApp]
        keys = [key for binding in own for key in binding.key.split(",")]
        assert len(keys) == len(set(keys)), widget
        ids += [binding.id for binding in own]
    assert all(ids)
    assert len(ids) == len(set(ids))
    assert {spec.number for spec in PANE_REGISTRY.all()} == {2, 3, 4, 5}


def _own_classes(base: type[DOMNode]) -> list[type[DOMNode]]:
    """Every class of ours below a class."""
    found = []
    for child in base.__subclasses__():
        if child.__module__.startswith(("hermes_tui.", "hermes_widgets.")):
            found.append(child)
        found += _own_classes(child)
    return list(dict.fromkeys(found))


@pytest.mark.ac("breakpoints")
@pytest.mark.parametrize(
    ("size", "tabs", "footer", "left", "right"),
    [
        ((20, 6), False, False, False, False),
        ((59, 24), False, False, False, False),
        ((80, 15), False, False, False, False),
        ((80, 23), True, False, False, False),
        ((80, 24), True, True, False, False),
        ((120, 40), True, True, False, True),
        ((200, 60), True, True, True, True),
    ],
)
async def test_what_is_shown_follows_the_size(
    home: Home, size: tuple[int, int], tabs: bool, footer: bool, left: bool, right: bool
) -> None:
    async with staged(home, size=size) as stage:
        stage.session.say(*turns.work_so_far())
        app = stage.app
        await until(lambda: app.chat.state.todos)
        await until(lambda: app.query_one("#right-rail").display is right)
        assert app.query_one(TabRow).display is tabs
        assert app.query_one(FooterKeys).display is footer
        assert app.query_one("#left-rail").display is left
        assert app.chat.transcript.size.height >= 1
        assert app.chat.composer.area.size.height >= 1
        assert app.chat.composer.area.size.width >= 8


@pytest.mark.ac("eighty-columns-are-conversation")
async def test_at_80_by_24_more_than_60_percent_of_the_rows_are_conversation(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        assert stage.app.chat.transcript.region.height / 24 > 0.6


@pytest.mark.parametrize(
    ("size", "rows"), [((120, 40), 8), ((80, 24), 8), ((80, 23), 4), ((40, 12), 3)]
)
async def test_the_field_grows_with_its_text_as_far_as_the_screen_allows(
    home: Home, size: tuple[int, int], rows: int
) -> None:
    async with staged(home, size=size) as stage:
        composer = stage.app.chat.composer
        assert composer.area.size.height == 1
        composer.set_draft("\n".join(str(number) for number in range(10)))
        await until(lambda: composer.area.size.height == rows)


@pytest.mark.ac("tiny-terminal-works")
async def test_a_message_can_be_sent_and_a_request_answered_at_20_by_6(home: Home) -> None:
    async with staged(home, size=(20, 6)) as stage:
        await stage.send("hi")
        await until(lambda: stage.app.chat.state.last_user_text == "hi")
        stage.session.say(*turns.waiting())
        await until(lambda: stage.app.is_modal_open)
        await stage.pilot.pause()
        rows = stage.shown_text().splitlines()
        assert "! Run this" in rows[1]
        assert "rsync" in rows[2]
        assert rows[-1].split("▌")[-1].split() == ["O", "S", "A", "D"]
        await stage.pilot.press("d")
        await until(lambda: not stage.app.chat.state.approvals)


async def test_a_resize_keeps_the_draft_and_the_focus(home: Home) -> None:
    async with staged(home, size=(200, 60)) as stage:
        await stage.type("keep")
        await stage.pilot.resize_terminal(80, 24)
        await stage.pilot.pause()
        assert stage.app.chat.composer.draft == "keep"
        assert stage.app.focused is stage.app.chat.composer.area
