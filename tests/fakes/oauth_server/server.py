"""The authorization server over HTTP, in a thread, so that other processes can ask it.

Beside the standard endpoints it has those two vendors add, written from what their
programs are known to send (no exchange was recorded): short-lived agent keys bought with
an access token (Nous Portal), and a device login in JSON that ends in an authorization
code (OpenAI). `vendors.py` has the device logins of two more.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.oauth_server.grants import Grants, Refusal
from tests.fakes.oauth_server.vendors import GitHubDevices, QwenDevices

CLIENT = "test-client"
VERIFIER = "v" * 64
"""What OpenAI's server makes for its own kind of device login."""


class OAuthServer:
    """Use as a context.

    Args:
        now: Seconds since the epoch.
        life_s: Of an access token.
        interval_s: See `Grants`.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        life_s: float = 3600.0,
        interval_s: float = 5,
    ) -> None:
        self.grants = Grants(CLIENT, now, life_s=life_s, interval_s=interval_s)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Path and fields of each request, in order."""
        self.outages = 0
        """So many requests are answered with 503 first."""
        self.minted: list[str] = []
        self.mint_error = ""
        self.github = GitHubDevices(self.grants)
        self.qwen = QwenDevices(self.grants)
        self._codex: dict[str, str] = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner._get(self)

            def do_POST(self) -> None:
                owner._post(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The issuer's address."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [path for path, _ in self.asked]

    # --- HTTP ----------------------------------------------------------------------------

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, fields))
        if parts.path != "/authorize":
            _send(request, 404, {"error": "not_found"})
            return
        try:
            code = self.grants.authorize(fields)
        except Refusal as refusal:
            _send(request, 400, {"error": refusal.word})
            return
        back = urlencode({"code": code, "state": fields.get("state", "")})
        request.send_response(302)
        request.send_header("Location", f"{fields['redirect_uri']}?{back}")
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        raw = request.rfile.read(int(request.headers.get("content-length", 0))).decode()
        kind = request.headers.get("content-type", "").partition(";")[0]
        is_json = kind == "application/json"
        fields = json.loads(raw) if is_json else {k: v[0] for k, v in parse_qs(raw).items()}
        self.asked.append((path, fields))
        if self.outages:
            self.outages -= 1
            _send(request, 503, {"error": "temporarily_unavailable"})
            return
        try:
            status, body = self._answer(path, fields, request, is_json=is_json)
        except Refusal as refusal:
            said = {"error_description": refusal.said} if refusal.said else {}
            status, body = refusal.status, {"error": refusal.word, **said}
        _send(request, status, body)

    def _answer(
        self,
        path: str,
        fields: dict[str, Any],
        request: BaseHTTPRequestHandler,
        *,
        is_json: bool,
    ) -> tuple[int, dict[str, Any]]:
        for vendor in (self.github, self.qwen):
            found = vendor.answer(path, fields, f"{self.url}/activate")
            if found is not None:
                return found
        match path:
            case "/device" | "/token" if is_json:
                raise Refusal("invalid_request", "these take forms")
            case "/device":
                return 200, self.grants.device(fields, f"{self.url}/activate")
            case "/token":
                return 200, self.grants.token(fields)
            case "/agent-key":
                return 200, self._mint(request.headers.get("authorization", ""))
            case "/deviceauth/usercode":
                return 200, self._codex_code(fields)
            case "/deviceauth/token":
                return self._codex_poll(fields)
        raise Refusal("not_found", status=404)

    def _mint(self, header: str) -> dict[str, Any]:
        if self.mint_error:
            raise Refusal(self.mint_error, status=402)
        if not self.grants.accepts(header.removeprefix("Bearer ")):
            raise Refusal("invalid_token", status=401)
        self.minted.append(f"agent-key-{len(self.minted)}-0123456789")
        return {"api_key": self.minted[-1], "key_id": "k", "expires_in": 1800, "reused": False}

    def _codex_code(self, fields: dict[str, Any]) -> dict[str, Any]:
        if fields.get("client_id") != CLIENT:
            raise Refusal("invalid_client", status=401)
        code = f"CODE-{len(self._codex)}"
        self._codex[code] = ""
        return {"user_code": code, "device_auth_id": f"id-{code}", "interval": "5"}

    def codex_approve(self, user_code: str) -> None:
        """The person typed the code."""
        self._codex[user_code] = self.grants.issue_code(VERIFIER, f"{self.url}/deviceauth/callback")

    def _codex_poll(self, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        code = self._codex.get(str(fields.get("user_code")), "")
        if not code:
            return 403, {"error": {"code": "deviceauth_authorization_unknown"}}
        return 200, {"authorization_code": code, "code_verifier": VERIFIER}


def _send(request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(raw)))
    request.send_header("Cache-Control", "no-store")
    request.end_headers()
    request.wfile.write(raw)
