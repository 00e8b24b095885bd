"""What the conversation shows in each of its states; its pictures are in tests/pictures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hermes_core.events import Notice
from hermes_themes.roles import LAMPLIGHT, PAPER, Palette
from hermes_widgets.blocks.error_card import CardAction
from hermes_widgets.blocks.start_card import RecentSession, StartCardInfo
from hermes_widgets.transcript import Transcript
from tests.widgets.transcript_stage import (
    REPLY,
    Fill,
    Stage,
    settled,
    tell_patch,
    tell_turn,
    tell_work,
    tool_done,
)

SMALL, LARGE = (80, 24), (120, 40)


async def drawn(
    fill: Fill,
    *words: str,
    palette: Palette = LAMPLIGHT,
    size: tuple[int, int] = SMALL,
    then: Callable[[Transcript], None] | None = None,
) -> list[str]:
    """Return the lines of a filled page; these words must be on them."""
    app = Stage(fill, palette)
    async with app.run_test(size=size) as pilot:
        lines = await settled(pilot)
        if then is not None:
            then(app.transcript)
            lines = await settled(pilot)
        for word in words:
            assert any(word in line for line in lines), (word, lines)
        return lines


def tell_running(transcript: Transcript) -> None:
    tell_work(transcript)
    transcript.start_tool("c8", "terminal", "rsync -az build/ deploy@stage-2:/srv/", kind="execute")
    transcript.tool_waiting("c8", True)
    transcript.start_tool("c9", "terminal", "pytest -q tests/", kind="execute")
    transcript.tool_output("c9", "collected 7 items\ntests/test_retry.py ....")
    transcript.announce_tool("c10", "write_file")


def tell_failure(transcript: Transcript) -> None:
    transcript.add_user("u1", "Say hello")
    transcript.notice(Notice(level="warn", code="demo", text="No model is set up: demo answers."))
    transcript.error(
        "The provider refused the key (401)",
        "Put a valid key into the settings, or choose another model.",
        "POST /chat/completions\n401 Unauthorized",
        (
            CardAction("r", "retry", "retry"),
            CardAction("m", "other model", "model"),
            CardAction("v", "details", "details"),
        ),
    )


def tell_start(transcript: Transcript) -> None:
    transcript.show_start_card(
        StartCardInfo(
            model="hermes-4-405b",
            provider="openrouter",
            window_tokens=200_000,
            counts=((41, "tools"), (23, "skills"), (2, "MCP servers"), (14, "memories")),
            recent=(
                RecentSession(
                    session_id="a",
                    title="Fix the retry loop in the sync job",
                    age="12 min",
                    is_waiting=True,
                ),
                RecentSession(session_id="b", title="Release notes for 2.4", age="3 h"),
                RecentSession(session_id="c", title="Why is the staging slow?", age="yesterday"),
            ),
        )
    )


def tell_streaming(transcript: Transcript) -> None:
    transcript.add_user("u1", "What changed?")
    transcript.append_reply("m1", "The loop **waits twice as long")


@pytest.mark.ac("look-turn")
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("palette", [LAMPLIGHT, PAPER], ids=lambda item: item.name)
async def test_a_whole_turn(palette: Palette, size: tuple[int, int]) -> None:
    words = ("two callers in jobs/", "41 s · 3 tools · 12k tokens · $0.06")
    assert await drawn(tell_turn, *words, palette=palette, size=size)


@pytest.mark.parametrize("palette", [LAMPLIGHT, PAPER], ids=lambda item: item.name)
async def test_tools_in_every_state(palette: Palette) -> None:
    words = ("exit 1", "31 lines more", "denied by you", "waiting for you", "running")
    assert await drawn(tell_running, *words, palette=palette)


async def test_a_failed_tool_opened() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.start_tool("c1", "terminal", "make", {"command": "make", "timeout": 60})
        lines = "\n".join(f"cc part{number}.c" for number in range(12))
        transcript.finish_tool(tool_done("c1", "terminal", False, 3.8, "exit 2", lines))
        transcript.fold_all(False)

    assert await drawn(fill, "timeout  60", "cc part0.c", "cc part11.c", size=LARGE)


async def test_a_diff_in_one_column() -> None:
    words = ("+5 −4", "except OSError as error:", "⋯ 15 lines")
    assert await drawn(tell_patch, *words, palette=PAPER)


async def test_a_diff_side_by_side() -> None:
    def fill(transcript: Transcript) -> None:
        tell_patch(transcript)

    assert await drawn(fill, "╱╱╱╱", size=LARGE)


async def test_a_streaming_reply_ends_in_the_caret() -> None:
    assert await drawn(tell_streaming, "waits twice as long▍")


@pytest.mark.parametrize("palette", [LAMPLIGHT, PAPER], ids=lambda item: item.name)
async def test_an_error_card(palette: Palette) -> None:
    words = ("✗ The provider refused the key (401)", "r retry", "v details")
    assert await drawn(tell_failure, *words, palette=palette)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("palette", [LAMPLIGHT, PAPER], ids=lambda item: item.name)
async def test_the_start_card(palette: Palette, size: tuple[int, int]) -> None:
    assert await drawn(
        tell_start,
        "hermes-4-405b via openrouter",
        "Fix the retry loop",
        palette=palette,
        size=size,
    )


async def test_fifty_columns_have_no_air_and_no_thread() -> None:
    def fill(transcript: Transcript) -> None:
        tell_turn(transcript)

    def up(transcript: Transcript) -> None:
        transcript.action_top()

    assert await drawn(fill, "▌The nightly", size=(50, 24), then=up)


async def test_the_block_cursor_marks_a_block() -> None:
    def up(transcript: Transcript) -> None:
        for _ in range(3):
            transcript.move_cursor(-1)

    def fill(transcript: Transcript) -> None:
        tell_turn(transcript)
        transcript.append_reply("m2", REPLY)

    assert await drawn(fill, size=LARGE, then=up)
