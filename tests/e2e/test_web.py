"""The screen in a browser: the real server, real screens, a real Chromium."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.e2e.browser import PROGRAM, browser
from tests.e2e.conftest import Machine, finished
from tests.fakes.model_server.script import Reply
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(180)
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="no chromium is installed")


@dataclass(frozen=True, slots=True)
class Served:
    """A server of screens."""

    process: asyncio.subprocess.Process
    url: str
    token: str

    def screens(self) -> list[psutil.Process]:
        """The processes of its tabs."""
        return psutil.Process(self.process.pid).children()


@asynccontextmanager
async def serving(machine: Machine) -> AsyncIterator[Served]:
    """Serve on a free port."""
    machine.extra["HERMES_WEB_PORT"] = "0"
    process = await machine.start("--serve", "web")
    try:
        assert process.stderr is not None, "a pipe"
        told: dict[bytes, str] = {}
        async with asyncio.timeout(40):
            while len(told) < 2:
                line = await process.stderr.readline()
                assert line, "the server ended"
                for head in (b"served at ", b"log in with: "):
                    if head in line:
                        told[head] = line.partition(head)[2].decode().strip()
        yield Served(process, told[b"served at "], told[b"log in with: "])
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@needs_chromium
@pytest.mark.service("chromium")
@pytest.mark.ac("web-turn")
async def test_a_message_typed_in_a_browser_is_answered_there_and_the_turn_outlives_its_tab(
    machine: Machine, model_server: ModelServer, tmp_path: Path
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(Reply(text=["Streamed ", "into ", "the ", "browser."]))
    model_server.add(Reply(text=["Finished ", "unwatched."], before="go"))
    async with serving(machine) as served, browser(tmp_path / "chromium") as page:
        await page.go(served.url)
        await page.until("document.activeElement.id === 'token'")
        await page.type(served.token)
        await page.value("document.forms[0].requestSubmit()")
        await page.until("document.body.classList.contains('-first-byte')")
        await page.until_drawn("● ready")
        await page.until("document.activeElement.className === 'xterm-helper-textarea'")
        bar = "document.querySelector('.xterm-viewport')"
        assert await page.value(f"{bar}.offsetWidth - {bar}.clientWidth") == 0
        await page.type("Say something")
        await page.press_enter()
        await page.until_drawn("Streamed into the browser.")
        await page.until_drawn("● ready")
        if shots := os.environ.get("PYTEST_WEB_SHOT"):
            await page.picture(Path(shots))

        await page.type("And more")
        await page.press_enter()
        await until(lambda: len(model_server.requests) == 2, timeout_s=20)
        tab = await page.value("location.href")
        await page.go("about:blank")
        await until(lambda: not served.screens(), timeout_s=20)
        model_server.gate("go").set()
        await page.go(tab)
        await page.until_drawn("Finished unwatched.")
        assert "Streamed into the browser." in page.drawn

        served.process.send_signal(signal.SIGTERM)
        await page.until("document.body.classList.contains('-closed')")
        await page.until("document.body.innerText.includes('hermes was stopped')")
        assert (await finished(served.process)).code == 0


@pytest.mark.ac("web-turn")
async def test_a_killed_server_leaves_no_screen_behind(machine: Machine) -> None:
    import aiohttp

    async with serving(machine) as served, aiohttp.ClientSession() as http:
        async with http.post(
            f"{served.url}/login",
            data={"token": served.token},
            headers={"Origin": served.url},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303
            cookie = answer.cookies["hermes_web"].value
        headers = {"Origin": served.url, "Cookie": f"hermes_web={cookie}"}
        async with http.ws_connect(f"{served.url}/ws/0123456789ab", headers=headers) as page:
            seen = b""
            async with asyncio.timeout(30):
                while "❯".encode() not in seen:
                    message = await page.receive()
                    seen += message.data if isinstance(message.data, bytes) else b""
            (screen,) = served.screens()
            served.process.kill()
            await until(lambda: not screen.is_running(), timeout_s=20)
