"""Text of models, tools and files is shown as text and never commands the terminal."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer

pytestmark = pytest.mark.timeout(300)

EVIL = "\x1b]0;owned-title\x07\x1b]52;c;b3duZWQ=\x07\x1bPowned-dcs\x1b\\\x9b2J\x1b[2J"
MARKUP = "[bold red]loud[/] [@click=app.quit]x[/]"
FORBIDDEN = (b"\x1b]0;owned", b"\x1b]52;c;b3du", b"\x1bPowned", b"\x9b2J", b"\x1b[2J[bold red]")


@pytest.mark.ac("foreign-text")
async def test_markup_is_shown_as_it_is_and_control_codes_never_arrive(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.extra_fields.add("reasoning_content")
    (machine.work / "evil.txt").write_text(f"file {EVIL}{MARKUP} end\n")
    (machine.work / "victim").mkdir()
    model_server.add(
        Reply(
            reasoning=[f"thought {EVIL}{MARKUP}"],
            text=[f"model {EVIL}\n\n", f"{MARKUP} end"],
            calls=[Call(name="terminal", arguments={"command": "cat evil.txt"})],
        ),
        Reply(calls=[Call(name="read_file", arguments={"path": "evil.txt"})]),
        Reply(
            calls=[Call(name="terminal", arguments={"command": f"rm -rf victim '{EVIL}{MARKUP}'"})]
        ),
        say(f"last {EVIL}\n\n{MARKUP} words"),
    )
    async with machine.screen(columns=140, rows=50) as screen:
        await screen.until("● ready")
        screen.type("look at evil.txt")
        screen.press("enter")
        await screen.until("Run this command?")

        def asked(text: str) -> str:
            """What stands below the question; a frame may be read before its end came."""
            return text.partition("Run this command?")[2]

        await screen.until(lambda text: "[bold red]loud[/]" in asked(text))
        shown = await screen.until(lambda text: "'␛]0;owned-title␇␛]52;" in asked(text))
        assert f"{MARKUP} end" in shown
        assert "rm -rf victim" in shown
        await screen.press_until("d", "Run this command?")
        await screen.until(f"{MARKUP} words")
        await screen.until("● ready")
        screen.press("\x0f")
        await screen.until(lambda text: text.count(f"{MARKUP} end") >= 2)
        raw = bytes(screen.raw)
    for code in FORBIDDEN:
        assert code not in raw
    assert (machine.work / "victim").is_dir()


@pytest.mark.ac("foreign-text")
async def test_names_of_files_and_sessions_are_cleaned_too(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    (machine.work / f"a{MARKUP.replace('/', '')}.txt").touch()
    model_server.add(
        Reply(
            calls=[
                Call(
                    name="terminal", arguments={"command": "ls; printf '\\033]0;owned-title\\007'"}
                )
            ]
        ),
        say("done"),
    )
    async with machine.screen(columns=140, rows=50) as screen:
        await screen.until("● ready")
        screen.type(MARKUP)
        screen.press("enter")
        await screen.until("done")
        shown = await screen.until("● ready")
        assert MARKUP in shown
        screen.press("\x0f")
        await screen.until("a[bold red]loud[] [@click=app.quit]x[].txt")
        assert b"\x1b]0;owned" not in screen.raw
