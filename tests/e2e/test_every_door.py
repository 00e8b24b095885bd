"""One scripted turn, told the same at every door, judged from its outer end.

The normal form is rebuilt from the characters on the screen, the lines on standard
output and the bytes of the HTTP answer, never from the core. A step is a text, or a
tool as what it was about and whether it worked.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import Call, Reply
from tests.fakes.model_server.server import ModelServer

pytestmark = pytest.mark.timeout(300)

Step = tuple[str, str, bool]

ASKED = "compare the two files"
FORM: list[Step] = [
    ("text", "I look at both files.", True),
    ("tool", "here.txt", True),
    ("tool", "gone.txt", False),
    ("text", "Only the first is there.", True),
]
THOUGHT = "Two files are named."


def script() -> list[Reply]:
    """What the model says in the turn."""
    return [
        Reply(
            reasoning=["Two files ", "are named."],
            text=["I look ", "at both files."],
            calls=[
                Call(name="read_file", arguments={"path": "here.txt"}),
                Call(name="read_file", arguments={"path": "gone.txt"}),
            ],
        ),
        Reply(text=["Only the ", "first is ", "there."]),
    ]


def from_screen(text: str) -> tuple[list[Step], str]:
    """Rebuild the steps and the thought from the conversation as it is drawn."""
    steps: list[Step] = []
    thought = ""
    for row in text.split(f"▌ {ASKED}")[1].splitlines():
        line = row[:64].rstrip()  # what is right of it belongs to the rail
        tool = re.match(r"  ▏ ([✓✗]) read\s+(\S+)", line)
        thinking = re.match(r"  ▏ ∴ thought\s+(?:\d+ s\s+)?(.*\S)", line)
        said = re.match(r" {4}(\S.*)$", line)
        if tool:
            steps.append(("tool", tool[2], tool[1] == "✓"))
        elif thinking:
            thought = thinking[1].rstrip(" ▸")
        elif said:
            steps.append(("text", said[1], True))
    return steps, thought


def from_lines(pieces: list[dict[str, Any]]) -> tuple[list[Step], str]:
    """Rebuild them from the objects of `--format stream-json`."""
    steps: list[Step] = []
    thought, message = "", ""
    about = {}
    for piece in pieces:
        match piece["type"]:
            case "text" if piece["message_id"] == message:
                steps[-1] = ("text", steps[-1][1] + piece["text"], True)
            case "text":
                message = piece["message_id"]
                steps.append(("text", piece["text"], True))
            case "reasoning":
                thought = piece["text"]
            case "tool_use":
                about[piece["id"]] = piece["input"]["path"]
            case "tool_result":
                steps.append(("tool", about[piece["id"]], not piece["is_error"]))
    return steps, thought


def from_stream(body: bytes) -> list[Step]:
    """Rebuild them from server-sent events; this protocol has no place for thoughts."""
    steps: list[Step] = []
    about: dict[str, str] = {}
    for block in body.decode().strip().split("\n\n"):
        name, _, data = block.partition("data: ")
        if name.startswith(":") or data == "[DONE]":
            continue
        chunk = json.loads(data)
        if chunk.get("status") == "started":
            about[chunk["tool_call_id"]] = chunk["label"]
        elif "status" in chunk:
            ok = chunk["status"] == "completed"
            steps.append(("tool", about[chunk["tool_call_id"]], ok))
        for choice in chunk.get("choices", ()):
            text = choice["delta"].get("content") or ""
            if text and steps and steps[-1][0] == "text":
                steps[-1] = ("text", steps[-1][1] + text, True)
            elif text.strip():
                steps.append(("text", text.lstrip(), True))
    return steps


async def screen_steps(machine: Machine) -> tuple[list[Step], str]:
    """Play the turn on the screen."""
    async with machine.screen(columns=100, rows=50) as screen:
        await screen.until("● ready")
        screen.type(ASKED)
        screen.press("enter")
        await screen.until(FORM[-1][1])
        await screen.until(lambda text: re.search(r"2 tools · \d+ tokens", text) is not None)
        return from_screen(screen.text)


def from_plain(text: str) -> tuple[list[Step], str]:
    """Rebuild the steps and the thought from the lines of the line mode."""
    steps: list[Step] = []
    thought = ""
    for line in text.splitlines():
        tool = re.match(r"\[(ok|failed)\] read (\S+)", line)
        if tool:
            steps.append(("tool", tool[2], tool[1] == "ok"))
        elif line.startswith("Hermes: "):
            steps.append(("text", line.removeprefix("Hermes: "), True))
        elif line.startswith("Thought"):
            thought = line.partition(": ")[2]
    return steps, thought


async def served_steps(machine: Machine) -> list[Step]:
    """Play the turn through the HTTP API."""
    machine.extra["API_SERVER_PORT"] = "0"
    process = await machine.start("--serve", "api")
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = ""
            while "listens on" not in line:
                line = (await process.stderr.readline()).decode()
                assert line, "the server ended"
        url = line.split()[-1]
        async with httpx2.AsyncClient(timeout=30) as client:
            answer = await client.post(
                f"{url}/chat/completions",
                json={
                    "model": "hermes-agent",
                    "stream": True,
                    "messages": [{"role": "user", "content": ASKED}],
                },
            )
        assert answer.status_code == 200, answer.text
        return from_stream(answer.content)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        async with asyncio.timeout(60):
            await process.communicate()


@pytest.mark.ac("same-at-every-door")
async def test_the_same_turn_is_told_at_every_door(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.extra_fields.add("reasoning_content")
    (machine.work / "here.txt").write_text("I am here\n")

    model_server.add(*script())
    assert await screen_steps(machine) == (FORM, THOUGHT)

    model_server.add(*script())
    done = await machine.run("chat", "--format", "stream-json", "-q", ASKED)
    assert from_lines([json.loads(line) for line in done.out.splitlines()]) == (FORM, THOUGHT)

    model_server.add(*script())
    lines = await machine.run("--plain", stdin=f"{ASKED}\n")
    assert from_plain(lines.out) == (FORM, THOUGHT)
    assert all(char == "\n" or char.isprintable() for char in lines.out)

    model_server.add(*script())
    assert await served_steps(machine) == FORM
