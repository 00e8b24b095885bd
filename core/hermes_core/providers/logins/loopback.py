"""The browser's way back: one small listener on this machine (RFC 8252, section 7.3).

It answers a single path with fixed words, repeats nothing it was sent, and takes a code
only with the state that this login began with.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Self
from urllib.parse import parse_qs, urlsplit

from hermes_core.errors import LoginError
from hermes_core.providers.logins.tokens import printable

_READ_S = 5.0
_MAX_LINE = 16_384
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>{title}</title>"
    "<body style='font-family:sans-serif;margin:15vh auto;max-width:32em'>"
    "<h1>{title}</h1><p>{text}</p>"
)


class WrongAnswer(Exception):
    """What came back does not belong to this login."""


def code_from(text: str, state: str) -> str:
    """Read the code out of a query, an address, or `code#state` as some pages show it.

    Raises:
        WrongAnswer: There is no code, or the state is another one's.
        LoginError: The person declined, or the service refused.
    """
    text = text.strip()
    if "://" not in text and "=" not in text and "#" in text:
        code, _, given = text.partition("#")
        fields = {"code": [code], "state": [given]}
    else:
        fields = parse_qs(urlsplit(text).query if "?" in text else text)
    given = fields.get("state", [""])[0]
    if not secrets.compare_digest(given.encode(), state.encode()):
        raise WrongAnswer("the state is not that of this login")
    error = fields.get("error", [""])[0]
    if error == "access_denied":
        raise LoginError("The login was declined.", code=error)
    if error:
        raise LoginError(f"The login was refused ({printable(error)}).", code=printable(error))
    code = fields.get("code", [""])[0]
    if not code:
        raise WrongAnswer("no code came")
    return code


class Loopback:
    """Waits for the browser. Use as an async context.

    Args:
        state: Of this login.
        port: 0 takes a free one.
        path: The only one that is answered.
    """

    def __init__(self, state: str, *, port: int = 0, path: str = "/callback") -> None:
        self._state = state
        self._port = port
        self._path = path
        self._server: asyncio.Server | None = None
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> str:
        """Where the browser is sent."""
        assert self._server is not None, "not started"
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}{self._path}"

    async def __aenter__(self) -> Self:
        """Listen on 127.0.0.1.

        Raises:
            LoginError: The port is taken.
        """
        try:
            self._server = await asyncio.start_server(
                self._connected, "127.0.0.1", self._port, limit=_MAX_LINE
            )
        except OSError as error:
            raise LoginError(
                f"Port {self._port} of this machine is taken.",
                code="no_way_back",
                hint="End the program that uses it, or set another redirect_port.",
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        if not self._code.cancel() and not self._code.cancelled():
            self._code.exception()  # seen, in case nobody waited for it

    async def code(self) -> str:
        """Return the code once the browser has brought it.

        Raises:
            LoginError: The person declined, or the service refused.
        """
        return await asyncio.shield(self._code)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer(head.split(b"\r\n", 1)[0].decode("latin-1")))
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever that was, it was not the browser coming back
        finally:
            writer.close()

    def _answer(self, line: str) -> bytes:
        method, _, rest = line.partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        if method != "GET" or target.path != self._path:
            return _page("404 Not Found", "Nothing here", "This address is not served.")
        try:
            code = code_from(target.query, self._state)
        except WrongAnswer:
            text = "This page does not belong to the login that is waiting."
            return _page("400 Bad Request", "Not this login", text)
        except LoginError as error:
            if not self._code.done():
                self._code.set_exception(error)
            return _page("200 OK", "Not logged in", "The terminal says what happened.")
        if not self._code.done():
            self._code.set_result(code)
        return _page("200 OK", "Logged in", "This window can be closed; go back to hermes.")


def _page(status: str, title: str, text: str) -> bytes:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
