"""`hermes chat -q` as people and scripts meet it: pipes, terminal, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Machine, finished
from tests.fakes.model_server.script import Call, Reply, Tokens, call, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(300)

ESC = "\x1b"


def lines_of(text: str) -> list[dict[str, Any]]:
    """Every line as the JSON object it must be."""
    return [json.loads(line) for line in text.splitlines()]


def user_texts(request: dict[str, Any]) -> list[str]:
    """What the person said in a chat request, oldest first."""
    texts = []
    for message in request["messages"]:
        if message["role"] == "user":
            content = message["content"]
            texts.append(
                content if isinstance(content, str) else "".join(p.get("text", "") for p in content)
            )
    return texts


@pytest.mark.ac("quiet-stdout")
async def test_quiet_prints_the_reply_alone_and_the_id_continues_it(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.extra_fields.add("reasoning_content")
    (machine.work / "notes.txt").write_text("remember the milk\n")
    model_server.add(
        Reply(
            reasoning=["The file", " will tell."],
            text=["I will look."],
            calls=[Call(name="read_file", arguments={"path": "notes.txt"})],
        ),
        say("It says: remember the milk.", pieces=4),
        say("Nothing more."),
    )

    first = await machine.run("chat", "-Q", "-q", "what is in notes.txt?")
    assert first.out == "It says: remember the milk.\n"
    assert first.code == 0
    assert first.err == f"session_id: {first.session_id}\n"

    second = await machine.run("-r", first.session_id, "chat", "-Q", "-q", "more")
    assert (second.code, second.out) == (0, "Nothing more.\n")
    assert second.session_id == first.session_id
    assert user_texts(model_server.request.json) == ["what is in notes.txt?", "more"]
    assert {one.key for one in model_server.requests} == {"sk-own-server-key"}


@pytest.mark.ac("one-shot-json")
async def test_json_is_one_object_with_every_promised_field(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("Fine.", usage=Tokens(prompt=40, output=8, cached=10)))

    done = await machine.run("chat", "--format", "json", "-q", "how are you?")

    (result,) = lines_of(done.out)
    assert done.code == result["exit_code"] == 0
    assert result["final_response"] == "Fine."
    assert result["tokens"] == {
        "input": 30,
        "output": 8,
        "cache_read": 10,
        "cache_write": 0,
        "total": 48,
    }
    assert result["api_calls"] == 1
    assert (result["completed"], result["interrupted"]) == (True, False)
    assert result["session_id"]
    assert {"cost_usd", "cost_status", "duration_ms"} <= set(result)


@pytest.mark.ac("one-shot-json")
async def test_stream_json_tells_each_piece_and_ends_in_the_result(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.extra_fields.add("reasoning_content")
    (machine.work / "a.txt").write_text("alpha\n")
    model_server.add(
        Reply(
            reasoning=["Let me see."],
            text=["Looking."],
            calls=[Call(name="read_file", arguments={"path": "a.txt"})],
        ),
        call("terminal", {"command": "rm -rf /tmp/nothing-of-that-name-here"}),
        say("Read one, was refused the other.", pieces=3),
    )

    done = await machine.run("chat", "--format", "stream-json", "-q", "go")

    pieces = lines_of(done.out)
    kinds = [piece["type"] for piece in pieces]
    assert kinds[0] == "init"
    assert kinds[-1] == "result"
    assert kinds.count("result") == kinds.count("init") == 1
    assert {"text", "reasoning", "tool_use", "tool_result"} <= set(kinds)
    assert pieces[0]["model"] == "scripted-model"
    uses = {piece["id"]: piece["name"] for piece in pieces if piece["type"] == "tool_use"}
    results = {piece["id"]: piece for piece in pieces if piece["type"] == "tool_result"}
    assert [results[one]["is_error"] for one in results] == [False, True]
    assert set(uses) <= set(results)
    assert "nobody is present" in list(results.values())[1]["preview"]
    text = "".join(piece["text"] for piece in pieces if piece["type"] == "text")
    assert text == "Looking.Read one, was refused the other."
    assert pieces[-1]["final_response"] == "Read one, was refused the other."
    assert pieces[-1]["session_id"] == pieces[0]["session_id"]


@pytest.mark.ac("one-shot-plain")
@pytest.mark.parametrize("quiet", [False, True])
async def test_a_pipe_gets_no_control_codes_whoever_sends_them(
    machine: Machine, model_server: ModelServer, quiet: bool
) -> None:
    machine.use_server(model_server.base_url)
    (machine.work / "evil.txt").write_text("\x1b]0;owned\x07\x1b[31mred\x1b[0m [bold]x[/bold]\n")
    model_server.add(
        call("terminal", {"command": "cat evil.txt"}),
        say("It is \x1b[31mred\x1b[0m \x9b31m[bold]x[/bold]\x07.", pieces=9),
    )

    arguments = ["chat", *(["-Q"] if quiet else []), "-q", "read it"]
    done = await machine.run(*arguments)

    assert "It is red [bold]x[/bold]." in done.out
    for code in (ESC, "\x9b", "\x07", "\r"):
        assert code not in done.out + done.err


@pytest.mark.ac("one-shot-text")
async def test_on_a_terminal_the_demo_answers_and_says_what_it_is(machine: Machine) -> None:
    (machine.work / "notes.txt").touch()
    machine.extra["NO_COLOR"] = "1"
    async with machine.screen("chat", "-q", "list the files here") as screen:
        assert await screen.ended() == 0
        shown = await screen.until("Resume with: hermes --resume ")
        assert b"\x1b" not in screen.raw
    assert "demo model: a small built-in script, not an AI." in shown
    assert "There is 1 file in this folder:\n\n- `notes.txt`\n\nResume with:" in shown
    assert "\n\n  ✓ terminal      ls -1Ap  1 line" in shown


async def test_piped_input_is_added_to_the_question(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("Two lines."), say("Nothing came."))

    done = await machine.run("chat", "-Q", "-q", "how many lines?", stdin="one\ntwo\n")
    assert done.out == "Two lines.\n"
    (asked,) = user_texts(model_server.request.json)
    assert asked == "how many lines?\n\n<stdin>\none\ntwo\n</stdin>"

    await machine.run("chat", "-Q", "-q", "and now?", stdin="")
    assert user_texts(model_server.request.json) == ["and now?"]


@pytest.mark.ac("one-shot-pictures")
async def test_a_picture_goes_along_by_option_or_as_the_first_word(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    (machine.work / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
    model_server.add(say("A cat."), say("Still a cat."))

    first = await machine.run("chat", "-Q", "--image", "cat.png", "-q", "what is it?")
    assert (first.code, first.out) == (0, "A cat.\n")
    parts = model_server.request.json["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,")

    await machine.run("chat", "-Q", "-q", "cat.png and now?")
    parts = model_server.request.json["messages"][-1]["content"]
    assert parts[0] == {"type": "text", "text": "and now?"}
    assert parts[1]["type"] == "image_url"

    for name, text in (("gone.png", "There is no picture gone.png."), ("a.txt", "not a picture")):
        done = await machine.run("chat", "-Q", "--image", name, "-q", "what is it?")
        assert (done.code, done.out) == (1, "")
        assert text in done.err


@pytest.mark.ac("skills-by-option")
async def test_a_skill_named_on_the_command_line_is_in_the_prompt(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    skill = machine.hermes / "skills" / "writing" / "haiku" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: haiku\ndescription: short\n---\nCount the syllables.\n")
    model_server.add(say("Old pond."))

    done = await machine.run("chat", "-Q", "-s", "haiku,haiku", "-q", "write one")
    assert (done.code, done.out) == (0, "Old pond.\n")
    system = model_server.request.json["messages"][0]["content"]
    assert str(system).count("Count the syllables.") == 1
    assert "description: short" not in str(system)

    done = await machine.run("-s", "nope", "chat", "-Q", "-q", "write one")
    assert (done.code, done.out) == (1, "")
    assert "There is no skill nope." in done.err
    assert "haiku" in done.err


@pytest.mark.ac("no-model-configured")
@pytest.mark.parametrize(
    "form", [["-Q"], ["--format", "json"], ["--format", "stream-json"], []], ids="-".join
)
async def test_without_a_model_nothing_is_asked_anywhere(
    machine: Machine, form: Sequence[str]
) -> None:
    done = await machine.run("chat", *form, "-q", "list the files here")

    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("Error: No model is configured.\n")
    assert "hermes config set" in done.err
    assert "Traceback" not in done.err


@pytest.mark.ac("readable-failure")
async def test_a_refused_key_is_one_error_with_the_next_step(machine: Machine) -> None:
    server = await ModelServer(api_key="sk-the-right-one", expect_refusals=True).start()
    machine.use_server(server.base_url)
    done = await machine.run("chat", "-Q", "-q", "hi")
    await server.aclose()

    assert (done.code, done.out) == (1, "")
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "refused the key" in errors[0]
    assert "model.api_key" in done.err
    assert "hermes config set" in done.err
    assert "sk-own-server-key" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.ac("readable-failure")
async def test_a_refused_connection_names_the_address_and_leaves_with_four(
    machine: Machine,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    machine.configure(
        {
            "model": {
                "provider": "custom",
                "default": "m",
                "base_url": f"http://127.0.0.1:{port}/v1",
            }
        }
    )
    done = await machine.run("chat", "-Q", "-q", "hi")

    assert (done.code, done.out) == (4, "")
    assert f"cannot be reached at http://127.0.0.1:{port}" in done.err
    assert "Is the server running" in done.err
    assert "Traceback" not in done.err


@pytest.mark.ac("interrupt-130")
async def test_an_interrupt_leaves_a_partial_result_and_130(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(Reply(text=["Half of it", " and the rest"], gates={2: "never"}))

    process = await machine.start("chat", "--format", "stream-json", "-q", "go")
    assert process.stdout is not None
    seen = b""
    async with asyncio.timeout(60):
        while b"Half of it" not in seen:
            seen += await process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    done = await finished(process)

    result = lines_of(done.out)[-1]
    assert done.code == result["exit_code"] == 130
    assert (result["completed"], result["interrupted"]) == (False, True)
    assert result["final_response"] == "Half of it"
    assert "Traceback" not in done.err


@pytest.mark.ac("interrupt-130")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_program_that_is_ended_leaves_no_command_behind(
    machine: Machine, number: signal.Signals
) -> None:
    arguments = ("chat", "--provider", "demo", "-Q", "-q", "run sleep 4712")
    process = await machine.start(*arguments)
    program = psutil.Process(process.pid)
    await until(lambda: any(one.name() == "sleep" for one in program.children(recursive=True)))
    children = program.children(recursive=True)
    os.kill(process.pid, number)
    assert (await finished(process)).code == 130
    await until(lambda: not any(one.is_running() for one in children))


async def test_a_reader_that_leaves_ends_it_silently(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(Reply(text=["word "] * 400, interval_s=0.005))

    process = await machine.start("chat", "-q", "go")
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(60):
        await process.stdout.readline()
        pipes: Any = process  # its transport is the only way to close our end alone
        pipes._transport.get_pipe_transport(1).close()
        err = await process.stderr.read()
        await process.wait()
    assert err.decode() == ""


@pytest.mark.ac("if-10-6")
async def test_broken_settings_are_one_warning_naming_the_line(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.extra["OPENAI_API_KEY"] = "sk-openai-key"
    machine.extra["OPENAI_BASE_URL"] = model_server.base_url
    machine.configure("model:\n  default: [unclosed\nagent:\n  max_turns: 5\n")
    model_server.add(say("Still here."))

    done = await machine.run("chat", "-Q", "-q", "hi")

    assert (done.code, done.out) == (0, "Still here.\n")
    warnings = [line for line in done.err.splitlines() if "config.yaml" in line]
    assert len(warnings) == 1
    assert "line" in warnings[0] or "config.yaml:" in warnings[0]


async def test_a_toolset_that_does_not_exist_is_told(machine: Machine) -> None:
    done = await machine.run("chat", "--provider", "demo", "-t", "file,nets", "-Q", "-q", "hello")

    assert done.code == 0
    assert "There is no toolset nets; there are clarify, " in done.err
    assert "toolset" not in done.out


async def test_an_empty_question_is_an_error_and_leaves_no_conversation(machine: Machine) -> None:
    done = await machine.run("chat", "--provider", "demo", "-q", "  ")
    assert done.code == 1
    assert done.err == "Error: There is nothing to send.\n"
    assert "Resume with" not in done.out
    listed = await machine.run("sessions", "list")
    assert "cli" not in listed.out


async def test_a_pipe_that_stays_open_is_told_and_left_by_ctrl_c(machine: Machine) -> None:
    out, into = os.pipe()
    process = await machine.start("chat", "--provider", "demo", "-q", "hi", stdin=out)
    assert process.stderr is not None
    async with asyncio.timeout(60):
        assert b"Waiting for the end of the piped input" in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        done = await finished(process)
    os.close(into)
    os.close(out)
    assert done.code == 130
    assert "Fatal" not in done.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-r", "nope", "chat", "-Q", "-q", "hi"], "No session found matching 'nope'."),
        (["-c", "no such", "chat", "-Q", "-q", "hi"], "No session found matching 'no such'."),
        (["-c", "chat", "-Q", "-q", "hi"], "No previous CLI session found to continue."),
    ],
)
async def test_an_unknown_session_is_said_and_leaves_with_one(
    machine: Machine, arguments: list[str], text: str
) -> None:
    done = await machine.run(*arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {text}\n")
    assert "Traceback" not in done.err
