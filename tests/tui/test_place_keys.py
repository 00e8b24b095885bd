"""The footer names the keys of what has the keyboard, and idle keys say why they are idle."""

from __future__ import annotations

from hermes_core.events import InputAccepted, TurnFinished, TurnStarted
from hermes_core.paths import Home
from hermes_widgets.footer_keys import FooterKeys
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged

SIZE = (120, 40)


def _footer(stage: Stage) -> str:
    return stage.app.query_one(FooterKeys).render().plain


def _told(stage: Stage) -> list[str]:
    return [toast.message for toast in stage.app._notifications]


async def test_the_footer_names_the_keys_of_the_block_under_the_cursor(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        code = "Try this:\n\n```py\nx = 1\n```\n"
        stage.session.say(*turns.user(1, "what is up"), *turns.writing(code))
        stage.session.say(TurnFinished(outcome="completed", reason="text_response", turn_id="t1"))
        await until(lambda: stage.app.chat.state.turns == 1)
        await until(lambda: stage.app.chat.transcript.is_settled)
        assert "^p commands" in _footer(stage)
        while stage.app.chat.transcript.cursor_block is None or "copy code" not in _footer(stage):
            await stage.pilot.press("alt+up")
        assert "⏎ menu   y copy   c copy code   v read whole   esc back" in _footer(stage)
        await stage.pilot.press("alt+up")
        await until(lambda: "e edit" in _footer(stage))
        assert "copy code" not in _footer(stage)
        await stage.pilot.press("escape")
        await until(lambda: "^p commands" in _footer(stage))


async def test_a_key_that_means_nothing_for_a_block_says_so(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.session.say(*turns.user(1, "what is up"), *turns.writing("All is well."))
        stage.session.say(
            TurnFinished(outcome="completed", reason="text_response", turn_id="t1", duration_s=1.0)
        )
        await until(lambda: stage.app.chat.state.turns == 1)
        await until(lambda: stage.app.chat.transcript.is_settled)
        transcript = stage.app.chat.transcript
        while transcript.cursor_block is None or transcript.cursor_block.kind != "reply":
            await stage.pilot.press("alt+up")
        for key, why in (
            ("c", "There is no code here to copy"),
            ("e", "Only your own messages are edited"),
            ("space", "Nothing is folded here"),
        ):
            await stage.pilot.press(key)
            await until(lambda: _told(stage)[-1:] == [why])  # noqa: B023  waited for at once
        await stage.pilot.press("alt+down", "v")
        await until(lambda: _told(stage)[-1:] == ["There is no more to read here"])


async def test_the_footer_names_the_keys_of_waiting_messages(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.session.say(TurnStarted(turn_id="t1"))
        stage.session.say(InputAccepted(input_id="i1", mode="queue", text="then this"))
        await until(lambda: "then this" in stage.shown_text())
        await stage.pilot.press("alt+q")
        await until(lambda: "x drop" in _footer(stage))
        await stage.pilot.press("escape")
        await until(lambda: "^p commands" in _footer(stage))
