"""Switching the model of a live conversation on the real host."""

from __future__ import annotations

import msgspec
import pytest

from hermes_core.commands import SetOverlay, SetRuntime, SetServiceTier
from hermes_core.events import ContextGauge, RequestFinished
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from tests.core.agent.host_rig import host_rig, opened, options
from tests.fakes.model_server.script import call, say
from tests.fakes.model_server.server import ModelServer

CONFIG = "# mine\nmodel:\n  provider: demo\nproviders:\n  lab:\n    base_url: http://127.0.0.1:9/v1\n    model: big\n"


@pytest.mark.ac("model-switch")
async def test_a_switch_is_whole_or_not_at_all_and_kept_only_when_asked(home: Home) -> None:
    home.config_file.write_text(CONFIG, "utf-8")
    host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
    try:
        handle = await host.open_session()
        refused = await handle.send(SetRuntime(model="gpt-5", provider="openai"))
        assert not refused.ok
        assert "OPENAI_API_KEY" in refused.text

        switched = await handle.send(SetRuntime(model="lab"))
        assert (switched.ok, switched.data["provider"]) == (True, "custom:lab")
        assert "for this conversation" in switched.text
        assert home.config_file.read_text("utf-8") == CONFIG

        kept = await handle.send(SetRuntime(model="demo", provider="demo", persist=True))
        assert "kept for new conversations" in kept.text
        kept = await handle.send(SetRuntime(model="huge", provider="custom:lab", persist=True))
        assert kept.ok
        written = home.config_file.read_text("utf-8")
        assert written.startswith("# mine\n")
        assert "default: huge" in written
        assert host.resolve().runtime.model == "huge"
        record = await host.store.session(handle.session_id)
        assert (record.model, record.billing_provider) == ("huge", "custom:lab")
        await handle.release()
    finally:
        await host.aclose()


@pytest.mark.ac("personality")
async def test_an_overlay_counts_from_the_next_request_on(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("Ahoy."), say("Hello."))
    async with host_rig(home, model_server) as r:
        await r.send(SetOverlay(text="Talk like a captain."))
        await r.turn("hi")
        assert "Talk like a captain." in str(model_server.request.json["messages"])
        await r.send(SetOverlay(text=""))
        await r.turn("hi again")
        assert "Talk like a captain." not in str(model_server.request.json["messages"])


@pytest.mark.ac("fast-mode")
async def test_fast_answers_are_asked_for_in_this_conversation_while_its_model_has_them(
    home: Home, model_server: ModelServer
) -> None:
    home.config_file.write_text("agent: {service_tier: normal}\n", "utf-8")
    environ = {"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_BASE_URL": model_server.base_url}
    wanted = options(home, "", environ=environ)
    places = {"model.provider": "openai", "model.default": "gpt-5"}
    async with opened(msgspec.structs.replace(wanted, overrides=places)) as r:
        model_server.add(say("One."), say("Two."))
        reply = await r.send(SetServiceTier(tier="fast"))
        assert (reply.ok, reply.data) == (True, {"tier": "fast"})
        await r.turn("hi")
        assert model_server.request.json["service_tier"] == "priority"
        assert [one.cost_status for one in r.of(RequestFinished)] == ["unknown"]

        await r.send(SetRuntime(model="gpt-5-nano"))
        now = await r.send(SetServiceTier())
        assert "gpt-5-nano answers at its usual speed" in now.text
        await r.turn("hi again")
        assert "service_tier" not in model_server.request.json
        assert r.of(RequestFinished)[-1].cost_status == "estimated"
        refused = await r.send(SetServiceTier(tier="fast"))
        assert (refused.ok, refused.code) == (False, "not_available")


def with_places(home: Home, server: ModelServer) -> HostOptions:
    """Three places that speak the three wires, with windows of their own."""
    windows = {"chat": 64_000, "messages": 200_000, "responses": 128_000}
    modes = {
        "chat": ("chat_completions", server.base_url),
        "messages": ("anthropic_messages", server.url),
        "responses": ("codex_responses", server.base_url),
    }
    places = {
        name: {
            "base_url": url,
            "api_mode": mode,
            "model": f"{name}-model",
            "context_length": windows[name],
            "api_key": f"sk-key-of-{name}",
        }
        for name, (mode, url) in modes.items()
    }
    overrides = {"model.provider": "chat", "model.default": "chat-model", "providers": places}
    return msgspec.structs.replace(options(home, server.base_url), overrides=overrides)


@pytest.mark.ac("prov-15-1")
async def test_a_conversation_with_tools_goes_on_in_every_wire(
    home: Home, model_server: ModelServer
) -> None:
    model_server.extra_fields.add("reasoning_content")  # local servers do not mind
    for word in ("one", "two", "three", "four"):
        model_server.add(
            call("terminal", {"command": "true"}, reasoning=[f"I think {word}"]),
            say(f"Done {word}."),
        )
    async with opened(with_places(home, model_server)) as r:
        for name in ("chat", "messages", "responses", "chat"):
            switched = await r.send(SetRuntime(model=f"{name}-model", provider=name))
            assert switched.ok, switched.text
            assert (await r.turn("go on")).outcome == "completed"
    asked = [(request.path, request.key) for request in model_server.requests[::2]]
    assert asked == [
        ("/v1/chat/completions", "sk-key-of-chat"),
        ("/v1/messages", "sk-key-of-messages"),
        ("/v1/responses", "sk-key-of-responses"),
        ("/v1/chat/completions", "sk-key-of-chat"),
    ]
    assert "Done one." in str(model_server.request.json)


@pytest.mark.ac("prov-13-2")
async def test_gauge_and_summaries_follow_the_window_of_the_model(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("one"), say("two"))
    async with opened(with_places(home, model_server)) as r:
        await r.turn("hello")
        small = r.of(ContextGauge)[-1]
        await r.send(SetRuntime(model="messages-model", provider="messages"))
        await r.turn("hello")
        large = r.of(ContextGauge)[-1]
    assert (small.window, large.window) == (64_000, 200_000)
    assert small.threshold < 64_000 < large.threshold <= 200_000


@pytest.mark.ac("prov-15-2")
async def test_after_a_refused_switch_the_old_model_answers(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("still me"))
    async with opened(with_places(home, model_server)) as r:
        refused = await r.send(SetRuntime(model="gpt-5", provider="openai"))
        assert not refused.ok
        assert (await r.turn("hello")).outcome == "completed"
    assert model_server.request.key == "sk-key-of-chat"


@pytest.mark.ac("prov-13-1")
async def test_the_first_answer_waits_for_no_facts_about_models(
    home: Home, model_server: ModelServer
) -> None:
    """Nothing but the loopback can be reached here, and the program was not told so."""
    model_server.add(say("hello"), say("A title, if it is asked for in time", repeat=True))
    wanted = options(home, model_server.base_url)
    environ = {**wanted.environ, "HERMES_OFFLINE": ""}
    async with opened(msgspec.structs.replace(wanted, environ=environ)) as r:
        assert (await r.turn("hi")).outcome == "completed"
    assert {request.path for request in model_server.requests} == {"/v1/chat/completions"}
