"""Which conversation a request goes on with: by name, or by the history the client sends."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

from hermes_core.commands import Compact
from hermes_core.events import CompactionFinished
from hermes_core.messages import Message
from hermes_core.servers.api.chat_request import ChatRequest, Said
from hermes_core.servers.api.conversations import derived_id, is_same
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.servers.conftest import Api, StartApi

KEY = "a-key-of-some-length"


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


async def ask(
    client: openai.AsyncOpenAI, *messages: dict[str, str], session: str = "", stream: bool = False
) -> tuple[str, str]:
    """Return the answer's text and the session's id."""
    headers = {"X-Hermes-Session-Id": session} if session else {}
    body: Any = {"model": "agent", "messages": list(messages), "stream": stream}
    raw = await client.chat.completions.with_raw_response.create(**body, extra_headers=headers)
    found: Any = raw.parse()
    text = ""
    if stream:
        async for chunk in found:
            text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    else:
        text = found.choices[0].message.content
    return text, raw.headers["x-hermes-session-id"]


def conversation(server: ModelServer) -> list[tuple[str, str]]:
    """What the model was sent last, without the prompt."""
    sent = server.request.json["messages"]
    return [(m["role"], m["content"]) for m in sent if m["role"] in ("user", "assistant")]


@pytest.mark.ac("api-stateless")
@pytest.mark.parametrize("stream", [True, False])
async def test_client_with_its_whole_history_stays_in_one_session(
    api: Api, model_server: ModelServer, notes: None, *, stream: bool
) -> None:
    model_server.add(
        Reply(text=["I look."], calls=[Call(name="read_file", arguments={"path": "notes.txt"})]),
        say("It says forty-two."),
        say("You asked for notes.txt."),
    )
    client = await api.client()
    first, session = await ask(client, user("Read notes.txt"), stream=stream)
    history = [user("Read notes.txt"), assistant(first), user("What did I ask for?")]
    _, again = await ask(client, *history, stream=stream)
    assert again == session
    assert len(await api.host.store.list_sessions()) == 1
    sent = model_server.request.json["messages"]
    assert any(m["role"] == "tool" and "forty-two" in m["content"] for m in sent)
    assert conversation(model_server)[-1] == ("user", "What did I ask for?")


async def test_thread_is_found_again_after_it_was_summarised(
    api: Api, model_server: ModelServer
) -> None:
    client = await api.client()
    history: list[dict[str, str]] = []
    session = ""
    for number in range(4):
        model_server.add(say(f"Answer {number}."))
        history.append(user(f"Question {number}?"))
        answer, session = await ask(client, *history)
        history.append(assistant(answer))
    model_server.add(say("Notes on the questions."), say("Go on."))
    handle = await api.host.open_session(session)
    assert (await handle.send(Compact())).ok
    async for event in handle.events():
        if isinstance(event, CompactionFinished):
            break
    await handle.release()
    _, again = await ask(client, *history, user("What next?"))
    assert again == session
    sent = "".join(content for _, content in conversation(model_server))
    assert "Notes on the questions." in sent
    assert "Question 1?" not in sent


async def test_thread_is_found_again_after_a_restart(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.add(say("Blue."), say("You said blue."))
    before = await start_api()
    first, session = await ask(await before.client(), user("My colour?"))
    await before.aclose()
    after = await start_api()
    history = [user("My colour?"), assistant(first), user("What did you say?")]
    _, again = await ask(await after.client(), *history)
    assert again == session


@pytest.mark.ac("api-stateless")
async def test_edited_history_rules_and_leaves_the_thread_alone(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(say("Blue."), say("Understood."))
    client = await api.client()
    _, session = await ask(client, user("My colour?"))
    edited = [user("My colour?"), assistant("Red, I think."), user("Sure?")]
    _, other = await ask(client, *edited)
    assert other != session
    assert conversation(model_server) == [
        ("user", "My colour?"),
        ("assistant", "Red, I think."),
        ("user", "Sure?"),
    ]
    kept = await api.host.store.messages(session)
    assert [message.content for message in kept] == ["My colour?", "Blue."]


async def test_history_nobody_knows_is_taken_over(api: Api, model_server: ModelServer) -> None:
    model_server.add(say("Yes."), say("Again yes."))
    client = await api.client()
    history = [user("Hello"), assistant("Hi."), user("Do you know me?")]
    text, session = await ask(client, *history)
    assert conversation(model_server)[0] == ("user", "Hello")
    stored = await api.host.store.messages(session)
    assert [m.content for m in stored] == ["Hello", "Hi.", "Do you know me?", "Yes."]
    _, again = await ask(client, *history, assistant(text), user("Still?"))
    assert again == session


async def test_chats_that_begin_alike_do_not_meet(api: Api, model_server: ModelServer) -> None:
    model_server.add(say("One."), say("Two."), say("From one."), say("From two."))
    client = await api.client()
    one, first = await ask(client, user("hi"))
    two, second = await ask(client, user("hi"))
    assert first != second
    again = [await ask(client, user("hi"), assistant(text), user("go on")) for text in (one, two)]
    assert [session for _, session in again] == [first, second]


@pytest.mark.ac("api-session")
async def test_named_session_has_its_history_from_the_store(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.add(say("Blue."), say("Blue, as I said."), say("Still blue."))
    api = await start_api(key=KEY)
    client = await api.client(KEY)
    _, session = await ask(client, user("My colour?"), session="my-thread")
    assert session == "my-thread"
    await ask(client, user("ignored"), assistant("ignored"), user("Again?"), session="my-thread")
    assert [text for _, text in conversation(model_server)] == ["My colour?", "Blue.", "Again?"]
    await api.aclose()
    later = await start_api(key=KEY)
    await ask(await later.client(KEY), user("And now?"), session="my-thread")
    assert len(conversation(model_server)) == 5


async def test_requests_to_one_session_are_answered_one_after_the_other(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.add(*(say(f"answer {number}") for number in range(4)))
    api = await start_api(key=KEY)
    client = await api.client(KEY)
    asked = [ask(client, user(f"q{number}"), session="shared") for number in range(4)]
    answers = [text for text, _ in await asyncio.gather(*asked)]
    assert sorted(answers) == [f"answer {number}" for number in range(4)]
    stored = await api.host.store.messages("shared")
    assert [message.role for message in stored] == ["user", "assistant"] * 4


@pytest.mark.ac("api-session-needs-key")
async def test_session_cannot_be_named_without_a_key(api: Api) -> None:
    client = await api.client()
    with pytest.raises(openai.PermissionDeniedError, match="API_SERVER_KEY"):
        await ask(client, user("hi"), session="my-thread")


@pytest.mark.parametrize("name", ["../../etc/passwd", ".hidden", "a b", "x" * 200])
async def test_session_names_that_are_no_names_are_refused(start_api: StartApi, name: str) -> None:
    api = await start_api(key=KEY)
    client = await api.client(KEY)
    with pytest.raises(openai.BadRequestError, match="Invalid session ID"):
        await ask(client, user("hi"), session=name)


def test_derived_id_is_the_one_older_clients_know() -> None:
    request = ChatRequest(
        text="later", history=(Said("user", "first"), Said("assistant", "a")), system="be brief"
    )
    # printf 'be brief\nfirst' | sha256sum
    assert derived_id(request) == "api-415607cecd885b63"
    assert derived_id(ChatRequest(text="first", system="be brief")) == derived_id(request)


def test_history_is_the_same_with_the_last_or_with_all_texts_of_a_turn() -> None:
    stored = [
        Message(role="user", content="q"),
        Message(role="assistant", content="before the tool"),
        Message(role="tool", content="{}"),
        Message(role="assistant", content="after"),
    ]
    assert is_same(stored, [Said("user", "q"), Said("assistant", "after\n")])
    assert is_same(stored, [Said("user", "q"), Said("assistant", "before the tool\n\nafter")])
    assert not is_same(stored, [Said("user", "q"), Said("assistant", "before the tool")])
    assert not is_same(stored, [Said("user", "q")])
