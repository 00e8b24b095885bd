"""States that list something, opened by the real core over a real home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from hermes_core.host import Host
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from tests.pictures.gallery import CoreStage, settle
from tests.support import until
from tests.tui.stage import NOW

LONG = "20250615_080000_long00"
_PAST = (
    ("Fix the retry loop in the sync job", "cli", 12 * 60, "make the retry loop back off"),
    ("Release notes for 2.4", "cli", 3 * 3600, "draft the release notes"),
    ("Why is the staging deploy slow?", "cli", 26 * 3600, "staging takes nine minutes"),
    ("Nightly retry report", "api_server", 3 * 86_400, "summarise the retry failures"),
    ("Plan the move to Postgres", "cli", 9 * 86_400, "what would the move cost us"),
)
_SKILLS = (
    ("coding", "pytest-triage", "Find why a test fails and say which change broke it."),
    ("coding", "release-notes", "Write release notes from merged changes."),
    ("research", "paper-digest", "Read a paper and keep what it claims and proves."),
    ("writing", "plain-words", "Rewrite a text so that anybody understands it."),
)


@dataclass(frozen=True, slots=True)
class CoreScene:
    """One state over the real core."""

    name: str
    keys: tuple[str, ...]
    words: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...] = ((80, 24),)
    session_id: str | None = None
    environ: Mapping[str, str] | None = None
    """What setting a model up finds; None: it cannot be set up."""


async def _say(host: Host, session_id: str, texts: list[str], at: float) -> None:
    await host.store.commit(
        session_id,
        messages=[
            Message(role="assistant" if number % 2 else "user", content=text)
            for number, text in enumerate(texts)
        ],
        patch={"last_active": at},
    )


async def fill_store(host: Host) -> None:
    """Conversations of the past, one of them long."""
    for number, (title, source, age, text) in enumerate(_PAST):
        session_id = f"20250615_0{number}0000_past0{number}"
        at = NOW - age
        await host.store.create_session(
            SessionRecord(
                id=session_id, source=source, title=title, preview=text, started_at=at - 60
            )
        )
        await _say(host, session_id, [text, "Done, see above."], at)
    at = NOW - 20 * 86_400
    await host.store.create_session(
        SessionRecord(id=LONG, source="cli", title="A long talk", started_at=at)
    )
    texts = [
        text
        for number in range(150)
        for text in (
            f"Question {number}: what does step {number} of the migration do?",
            f"Step {number} copies table {number} and **checks every row**.",
        )
    ]
    await _say(host, LONG, texts, at)


def fill_home(home: Home) -> None:
    """Skills as files."""
    for category, name, about in _SKILLS:
        folder = home.skills / category / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(
            f"---\nname: {name}\ndescription: {about}\nversion: 1.0.0\n---\n\n# {name}\n\n{about}\n",
            "utf-8",
        )


async def open_scene(stage: CoreStage, keys: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Press the keys and wait until the words are there."""
    await stage.pilot.press(*keys)
    await until(lambda: all(word in stage.shown_text() for word in words))
    await settle(stage)


Prepare = Callable[[Host], Awaitable[None]]

CORE: tuple[CoreScene, ...] = (
    CoreScene(
        "sessions",
        ("alt+3", *"retry"),
        ("Fix the retry loop in the sync job", "Nightly retry report"),
        ((80, 24), (120, 40)),
    ),
    CoreScene("skills", ("alt+4",), ("pytest-triage", "paper-digest")),
    CoreScene("approvals", ("alt+5",), ("Allowed", "npm")),
    CoreScene(
        "setup",
        ("f9",),
        ("Who answers?", "OpenRouter"),
        environ={"OPENAI_API_KEY": "sk-" + "k" * 20},
    ),
    CoreScene("models", ("ctrl+k",), ("demo",)),
    CoreScene("settings", ("f2", *"busy"), ("display.busy_input_mode",)),
    CoreScene("resumed", (), ("Step 149", "checks every row", "6%"), ((80, 24),), LONG),
)
