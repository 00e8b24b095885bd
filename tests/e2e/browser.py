"""A headless Chromium, spoken to by its own protocol over a websocket.

Source: the DevTools protocol's pages on `Target`, `Page`, `Runtime`, `Input`, `Network`.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where it is installed; None without one."""

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,800",
    "--remote-debugging-address=127.0.0.1",
    "--remote-debugging-port=0",
]


class Page:
    """The one page of the browser.

    Args:
        socket: Speaks the protocol with it.
        size: Columns and rows of the terminal in the page, as far as texts are looked for.
    """

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, size: tuple[int, int] = (400, 200)
    ) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._reader = asyncio.create_task(self._read())

    @property
    def drawn(self) -> str:
        """What was sent to the terminal in the page, as a terminal shows it."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    async def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": values})
        async with asyncio.timeout(20):
            result: dict[str, Any] = await answer
        return result

    async def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page."""
        result = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    async def until(self, expression: str, *, timeout_s: float = 30) -> None:
        """Wait until an expression is true in the page."""
        try:
            async with asyncio.timeout(timeout_s):
                while not await self.value(expression):  # noqa: ASYNC110  the page has no event
                    await asyncio.sleep(0.05)
        except TimeoutError:
            text = await self.value("document.body.innerText")
            raise AssertionError(f"never true: {expression}\n{text}") from None

    async def until_drawn(self, wanted: str, *, timeout_s: float = 30) -> None:
        """Wait until the terminal in the page shows a text."""
        try:
            async with asyncio.timeout(timeout_s):
                while wanted not in self.drawn:  # noqa: ASYNC110  the screen is what we wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never drawn: {wanted!r}\n{self.drawn}") from None

    async def go(self, url: str) -> None:
        """Open an address; the terminal begins anew."""
        self._screen.reset()
        await self.ask("Page.navigate", url=url)

    async def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        for char in text:
            await self.ask("Input.dispatchKeyEvent", type="keyDown", text=char, key=char)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", key=char)

    async def press_enter(self) -> None:
        """Press Enter."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **key)

    async def picture(self, file: Path) -> None:
        """Save what the page looks like."""
        shot = await self.ask("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(shot["data"]))

    async def aclose(self) -> None:
        """Stop reading."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                answer = self._waiting.pop(told["id"])
                if "error" in told:
                    answer.set_exception(AssertionError(str(told["error"])))
                else:
                    answer.set_result(told["result"])
            elif told["method"] == "Network.webSocketFrameReceived":
                frame = told["params"]["response"]
                if frame["opcode"] == 2:
                    self._stream.feed(base64.b64decode(frame["payloadData"]))


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """Start Chromium with an empty profile; yields its page."""
    assert PROGRAM is not None, "skipped without it"
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        start_new_session=True,
    )
    try:
        port = await _port_of(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json/list") as listed:
                targets = await listed.json()
            address = next(one for one in targets if one["type"] == "page")["webSocketDebuggerUrl"]
            socket = await http.ws_connect(address, max_msg_size=0)
            page = Page(socket)
            try:
                for domain in ("Page", "Runtime", "Network"):
                    await page.ask(f"{domain}.enable")
                yield page
            finally:
                await page.aclose()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _port_of(file: Path) -> str:
    async with asyncio.timeout(30):
        while True:
            lines = (await asyncio.to_thread(_text_of, file)).split()
            if len(lines) == 2:
                return lines[0]
            await asyncio.sleep(0.05)


def _text_of(file: Path) -> str:
    return file.read_text() if file.exists() else ""
