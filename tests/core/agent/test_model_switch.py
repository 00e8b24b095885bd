"""Switching the model of a live conversation on the real host."""

from __future__ import annotations

import pytest

from hermes_core.commands import SetOverlay, SetRuntime
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from tests.core.agent.host_rig import host_rig
from tests.fakes.model_server.script import say
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
