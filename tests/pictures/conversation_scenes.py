"""States of a conversation, told by written events."""

from __future__ import annotations

from typing import Literal

from hermes_core.commands import Submit
from hermes_core.events import (
    ApprovalRequested,
    CoreEvent,
    InputAccepted,
    QuestionAsked,
    ReasoningDelta,
    ToolOutput,
    ToolStarted,
)
from hermes_tui.screens.approval import ApprovalScreen
from tests.fakes import scripted_turns as turns
from tests.pictures.gallery import Play, Scene
from tests.support import until
from tests.tui.stage import Stage

SMALL, USUAL, WIDE, TINY = (80, 24), (120, 40), (200, 60), (40, 12)


def told(*events: CoreEvent) -> Play:
    """A scene that is a story and nothing more."""

    async def play(stage: Stage) -> None:
        session = stage.session
        session.say(*events)
        last = session.stored[-1].seq
        await until(lambda: stage.app.chat.state.last_seq == last)

    return play


def then(first: Play, *keys: str, draft: str = "") -> Play:
    """A scene after which keys are pressed."""

    async def play(stage: Stage) -> None:
        await first(stage)
        if draft:
            stage.app.chat.composer.set_draft(draft)
        await stage.pilot.pause()
        await stage.pilot.press(*keys)
        await stage.pilot.pause()

    return play


def approving(request: ApprovalRequested) -> Play:
    """A scene in which a request lies over the screen."""

    async def play(stage: Stage) -> None:
        await told(*turns.work_so_far(), request)(stage)
        await until(lambda: isinstance(stage.app.screen, ApprovalScreen))

    return play


def asking(question: QuestionAsked, *keys: str) -> Play:
    """A scene with a question above the field."""

    async def play(stage: Stage) -> None:
        await told(*turns.work_so_far(), question)(stage)
        await until(lambda: stage.app.chat.card is not None and stage.app.chat.card.is_mounted)
        await stage.pilot.pause()
        await stage.pilot.press(*keys)

    return play


async def queueing(stage: Stage) -> None:
    """Two messages wait for the turn."""
    await told(*turns.work_so_far(), *turns.writing())(stage)
    for number, text in enumerate(
        ("then bump the version and write the changelog line", "and tell me what the callers do"),
        2,
    ):
        stage.session.say(InputAccepted(input_id=f"in-{number}", mode="queue", text=text))
    await until(lambda: len(stage.app.chat.state.queued) == 2)
    assert not stage.session.sent(Submit)


async def toasting(stage: Stage) -> None:
    """A confirmation and an error over a pane."""
    await then(BUSY, "alt+3")(stage)
    stage.app.notify("Saved to ~/exports/retry.md")
    stage.app.tell_error("The export was not written", hint="No space is left: disk full")
    await stage.pilot.pause()


def question(kind: Literal["text", "secret"], text: str) -> QuestionAsked:
    """A question of the agent that is answered by typing."""
    return QuestionAsked(request_id="q1", kind=kind, question=text, shown_hash="h")


WRITE = ApprovalRequested(
    request_id="r1",
    call_id="c7",
    tool="patch",
    action="write",
    subject="src/sync/retry.py",
    cwd="~/code/sync",
    diff=turns.DIFF,
    shown_hash="hash-r1",
)
RUNNING = [
    *turns.work_so_far(),
    ToolStarted(call_id="c8", name="terminal", preview="pytest -q tests/ --maxfail 1"),
    ToolOutput(call_id="c8", chunk="collected 214 items\ntests/test_retry.py ......."),
    ToolStarted(call_id="c9", name="web_search", preview="httpx retry transport jitter"),
]
ELSEWHERE = (
    "まず再試行のループを直します。\n\n"
    "| 言語 | 挨拶 | wide |\n|--|--|--|\n| 日本語 | こんにちは | ✅ |\n| 한국어 | 안녕하세요 | 👩‍💻 |\n"
    "| עברית | שלום | 🚀 |\n| العربية | مرحبا | ☕ |\n\n"
    "- 中文和 English 混排，行末要在字之间断开，不能把一个字切成两半，也不能超出右边缘。\n"
    "- Emoji 👍🏽 🇫🇷 ✈️ stay two cells wide."
)
BUSY = told(*turns.work_so_far(), *turns.writing())

DONE = told(*turns.work_so_far(), *turns.writing(), *turns.finished())
THOUGHT = ReasoningDelta(
    message_id="a2",
    text="The callers in jobs/ still catch OSError, so they would now miss FetchFailed.",
)

CONVERSATION: tuple[Scene, ...] = (
    Scene("start", told(), ("hermes-4-405b via openrouter",), (SMALL, USUAL)),
    Scene(
        "writing",
        then(BUSY, draft="also check the callers in jobs/"),
        ("FetchFailed", "esc stops"),
        (SMALL, USUAL, WIDE, TINY),
    ),
    Scene("done", DONE, ("$0.06",), (USUAL,), ("lamplight", "paper")),
    Scene("tools", told(*RUNNING), ("exit 1", "denied by you", "running")),
    Scene("unfolded", then(DONE, "ctrl+o", "pageup"), ("pytest -q tests/test_retry.py",)),
    Scene("thinking", told(*turns.work_so_far(), THOUGHT), ("thinking",)),
    Scene(
        "approval",
        approving(turns.approval()),
        ("Run this command?", "removes files on the host"),
        (SMALL, USUAL),
        ("lamplight", "paper"),
    ),
    Scene("approval-diff", approving(WRITE), ("Write this file?", "22 "), (SMALL, USUAL)),
    Scene("clarify", asking(turns.question()), ("Which branch", "Something else")),
    Scene(
        "clarify-open",
        asking(question("text", "What shall the release be called?"), *"Lantern"),
        ("What shall the release", "Lantern"),
    ),
    Scene(
        "secret",
        asking(question("secret", "HUE_KEY for the skill hue-scenes"), *"abcdef"),
        ("HUE_KEY", "never shown or logged"),
    ),
    Scene("queue", queueing, ("queued", "bump the version")),
    Scene("error", told(*turns.failed()), ("The provider refused the key (401)",)),
    Scene(
        "scripts",
        told(*turns.work_so_far(question="全部の呼び出し元を直して 🚀"), *turns.writing(ELSEWHERE)),
        ("こんにちは", "안녕하세요"),
    ),
    Scene("menu", then(told(), draft="/s"), ("/skin", "show or switch the skin")),
    Scene("palette", then(BUSY, "ctrl+p"), ("New conversation",)),
    Scene("help", then(BUSY, "f1"), ("Help",)),
    Scene("drawer", then(BUSY, "alt+2"), ("pytest -q tests/test_retry.py",), (SMALL, (50, 20))),
    Scene("toast", toasting, ("Saved", "disk full")),
)
"""Those that need no more of the core than its events."""
