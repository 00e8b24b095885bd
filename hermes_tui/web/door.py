"""Serves the screen to browsers: log-in, pages, one process for each tab.

The toolkit's own server (`textual_serve`) brings the terminal in the page and its
protocol. It has no log-in and answers to any name; everything that decides who gets in
stands here and in `access.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import WSMsgType, web
from textual_serve.server import Server

from hermes_tui._version import VERSION
from hermes_tui.web.access import COOKIE, LOGIN_LASTS_S, Addresses, Logins, TooManyTries
from hermes_tui.web.tab_process import TabProcess, screen_command

MAX_TABS = 8
MAX_REMEMBERED = 256
"""Tabs whose conversation is found again after a reload."""
ENDING_S = 8.0
"""How long a new tab waits for one that is being closed."""
MAX_MESSAGE_BYTES = 4 << 20
"""Of one message from a page: the largest paste."""
_OPEN_PATHS = ("/login", "/static/")
_TAB = re.compile(r"[0-9a-f]{12}")
_PAGES = Path(__file__).with_name("pages")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


class WebDoor(Server):
    """See the module.

    Args:
        logins: Who is in.
        addresses: Where we are asked for.
        owner_socket: Of the process that runs the conversations: this one.
        has_words: Whether a conversation is worth coming back to.
        is_secure: Whether browsers come through TLS.
        command: The program of a tab, by owner socket, name and conversation.
    """

    def __init__(
        self,
        *,
        logins: Logins,
        addresses: Addresses,
        owner_socket: str,
        has_words: Callable[[str], Awaitable[bool]],
        is_secure: bool = False,
        command: Callable[..., list[str]] = screen_command,
    ) -> None:
        super().__init__("hermes", title="hermes", templates_path=str(_PAGES))
        self._logins = logins
        self._addresses = addresses
        self._owner_socket = owner_socket
        self._has_words = has_words
        self._is_secure = is_secure
        self._screen_command = command
        self._open: set[str] = set()
        self._last_session: OrderedDict[str, str] = OrderedDict()
        self._sockets: set[web.WebSocketResponse] = set()
        self._ending: set[asyncio.Task[None]] = set()

    def opened(self, client: str, session_id: str) -> None:
        """Remember what a tab shows, for when its page is loaded again."""
        tab = client.rpartition(" ")[2]
        if _TAB.fullmatch(tab):
            self._last_session.pop(tab, None)
            self._last_session[tab] = session_id
            if len(self._last_session) > MAX_REMEMBERED:
                self._last_session.popitem(last=False)

    def application(self) -> web.Application:
        """The routes, behind the checks."""
        app = web.Application(middlewares=[self._check_middleware()], client_max_size=16 << 10)
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(_PAGES), autoescape=True)
        app.add_routes(
            [
                web.get("/", self._first),
                web.get("/login", self._login_page),
                web.post("/login", self._log_in),
                web.post("/logout", self._log_out),
                web.get("/tab/{tab}", self._tab_page),
                web.get("/ws/{tab}", self.handle_websocket, name="websocket"),
                web.static("/static/page", _PAGES / "static"),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_shutdown.append(self._close_tabs)
        return app

    async def _close_tabs(self, _app: web.Application) -> None:
        await asyncio.gather(*(one.close(code=1001) for one in list(self._sockets)))

    # --- who gets in ---------------------------------------------------------------------

    def _check_middleware(self) -> Any:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self._refusal(request)
            try:
                response = refusal if refusal is not None else await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=error.text)
            if not response.prepared:
                _guarded(response)
            return response

        return check

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Why a request is not answered, or None; every request passes here."""
        if not self._addresses.is_ours(request.headers.get("Host")):
            return web.Response(status=421, text="This server has another name.\n")
        origin = request.headers.get("Origin")
        is_own_doing = request.method != "GET" or request.path.startswith("/ws/")
        if (is_own_doing or origin is not None) and not self._addresses.may_send(origin):
            return web.Response(status=403, text="That page may not ask here.\n")
        if request.path.startswith(_OPEN_PATHS) or self._is_in(request):
            return None
        if request.method == "GET" and not request.path.startswith("/ws/"):
            return web.Response(status=303, headers={"Location": "/login"})
        return web.Response(status=401, text="Log in first.\n")

    def _is_in(self, request: web.Request) -> bool:
        return self._logins.is_in(request.cookies.get(COOKIE))

    async def _login_page(self, request: web.Request) -> web.StreamResponse:
        return self._page("login.html", request, remark="")

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        token = (await request.post()).get("token", "")
        try:
            cookie = self._logins.enter(token.strip() if isinstance(token, str) else "")
        except TooManyTries as error:
            remark = f"Too many wrong tokens. Try again in {error.wait_s} s."
            response = self._page("login.html", request, remark=remark, status=429)
            response.headers["Retry-After"] = str(error.wait_s)
            return response
        if cookie is None:
            _log.warning("a wrong token was given at the log-in page")
            return self._page("login.html", request, remark="Wrong token.", status=403)
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            COOKIE,
            cookie,
            httponly=True,
            samesite="Strict",
            secure=self._is_secure,
            path="/",
            max_age=int(LOGIN_LASTS_S),
        )
        return answer

    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        self._logins.leave(request.cookies.get(COOKIE))
        answer = web.Response(status=303, headers={"Location": "/login"})
        answer.del_cookie(COOKIE, path="/")
        return answer

    # --- pages and tabs ------------------------------------------------------------------

    async def _first(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": f"/tab/{secrets.token_hex(6)}"})

    async def _tab_page(self, request: web.Request) -> web.StreamResponse:
        tab = _tab_of(request)
        if tab not in self._open and len(self._open) >= MAX_TABS:
            return self._page("full.html", request, status=503, limit=MAX_TABS)
        size = request.query.get("fontsize", "")
        return self._page(
            "terminal.html",
            request,
            websocket=f"{'wss' if self._is_secure else 'ws'}://{request.headers['Host']}/ws/{tab}",
            font_size=int(size) if re.fullmatch(r"[1-9]\d?", size) else 15,
            version=VERSION,
        )

    def _page(
        self, name: str, request: web.Request, *, status: int = 200, **values: object
    ) -> web.Response:
        return aiohttp_jinja2.render_template(name, request, values, status=status)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Draw in a tab until it is closed; the screen's process ends with it."""
        tab = _tab_of(request)
        await self._await_ending()
        if len(self._open) >= MAX_TABS:
            raise web.HTTPServiceUnavailable(text=f"{MAX_TABS} tabs are open already.\n")
        place = tab if tab not in self._open else f"{tab} {secrets.token_hex(4)}"
        self._open.add(place)
        page = web.WebSocketResponse(heartbeat=15, max_msg_size=MAX_MESSAGE_BYTES)
        screen: TabProcess | None = None
        try:
            screen = await self._screen_of(tab, page)
            await page.prepare(request)
            self._sockets.add(page)
            width, height = request.query.get("width"), request.query.get("height")
            await screen.start(_number(width, 80), _number(height, 24))
            await self._process_messages(page, screen)
        except (ConnectionError, BadMessage) as error:
            _log.info("a tab was closed: %s", error)
        finally:
            ending = asyncio.create_task(self._end(page, screen, place))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            await asyncio.shield(ending)
        return page

    async def _await_ending(self) -> None:
        """Wait for tabs that are being closed: a page loaded again comes before its old end."""
        try:
            async with asyncio.timeout(ENDING_S):
                while len(self._open) >= MAX_TABS and self._ending:
                    await asyncio.wait(self._ending, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return

    async def _screen_of(self, tab: str, page: web.WebSocketResponse) -> TabProcess:
        last = self._last_session.get(tab, "")
        command = self._screen_command(
            owner_socket=self._owner_socket,
            client=f"browser {tab}",
            session_id=last if last and await self._has_words(last) else "",
        )

        async def close() -> None:
            await page.close()

        return TabProcess(
            command, write_bytes=page.send_bytes, write_str=page.send_str, close=close
        )

    async def _end(
        self, page: web.WebSocketResponse, screen: TabProcess | None, place: str
    ) -> None:
        try:
            if screen is not None:
                await screen.stop()
        finally:
            self._open.discard(place)
            self._sockets.discard(page)
            await page.close()

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: Any) -> None:
        """Pass on what a page sends.

        Raises:
            BadMessage: Our page sends no such thing.
        """
        async for message in websocket:
            if message.type != WSMsgType.TEXT:
                raise BadMessage("a page sent no text")
            match _parsed(message.data):
                case ["stdin", str(data)]:
                    await app_service.send_bytes(data.encode("utf-8", "replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await app_service.set_terminal_size(width, height)
                case ["ping", str() | int() | float() as data]:
                    await websocket.send_json(["pong", data])
                case ["blur", *_]:
                    await app_service.blur()
                case ["focus", *_]:
                    await app_service.focus()
                case _:
                    raise BadMessage("a page sent an unknown message")


class BadMessage(ValueError):
    """A page sent what ours never sends."""


def new_logins(token: str) -> Logins:
    """Log-ins by the clock of this machine."""
    return Logins(token, clock=time.monotonic)


def _guarded(response: web.StreamResponse) -> None:
    response.headers.update(
        {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",  # with none, browsers hide the Origin of our forms
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                "font-src 'self'; img-src 'self' data:; connect-src 'self'; "
                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
        }
    )


def _tab_of(request: web.Request) -> str:
    tab = request.match_info["tab"]
    if not _TAB.fullmatch(tab):
        raise web.HTTPNotFound(text="No such page.\n")
    return tab


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadMessage("a page sent no JSON") from error


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"\d{1,5}", text) else default
