"""Requests to authorization servers: short, small, never redirected."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

from hermes_core.errors import LoginError
from hermes_core.providers.address import host_of, is_loopback
from hermes_core.providers.logins.tokens import Answer

TIMEOUT_S = 10.0
"""Of one whole request; below the time others wait for the lock that is held meanwhile."""
_SILENT_S = 4.0
"""Without any byte; together with `TIMEOUT_S` still below that time."""
_MAX_BYTES = 1 << 20


class Post(Protocol):
    """Sends one request. Blocks: call it in a thread."""

    def __call__(
        self, url: str, fields: Mapping[str, Any], *, as_json: bool = False, bearer: str = ""
    ) -> Answer:
        """Return the answer, whatever its status.

        Args:
            url: Where to.
            fields: Sent as a form, or as JSON.
            as_json: See `fields`.
            bearer: Access token to be sent along.

        Raises:
            LoginError: `unreachable`: no answer came in time; or it is no JSON object.
            ConfigError: The certificates cannot be used.
        """
        ...


class HttpPost:
    """`Post` over HTTP.

    Args:
        ca_bundle: File of trusted certificates instead of the system's.
        timeout_s: Of one whole request.
    """

    def __init__(self, *, ca_bundle: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._ca_bundle = ca_bundle
        self._timeout_s = timeout_s

    def __call__(
        self, url: str, fields: Mapping[str, Any], *, as_json: bool = False, bearer: str = ""
    ) -> Answer:
        """See `Post`."""
        # On first use: the library and the certificates take tens of milliseconds.
        import httpx2

        from hermes_core.providers.wires.endpoint import trusted_certificates

        headers = {"Accept": "application/json", "User-Agent": "hermes-tui"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        body: dict[str, Any] = {"json": dict(fields)} if as_json else {"data": dict(fields)}
        silent_s = min(_SILENT_S, self._timeout_s)
        deadline = time.monotonic() + self._timeout_s
        whole = bytearray()
        try:
            with httpx2.stream(
                "POST",
                url,
                headers=headers,
                timeout=httpx2.Timeout(silent_s),
                follow_redirects=False,
                trust_env=not is_loopback(url),
                verify=trusted_certificates(self._ca_bundle),
                **body,
            ) as response:
                for piece in response.iter_bytes():
                    whole += piece
                    if time.monotonic() > deadline or len(whole) > _MAX_BYTES:
                        raise httpx2.ReadTimeout("the answer does not end")
        except httpx2.HTTPError as error:
            raise LoginError(
                f"{host_of(url)} cannot be reached for the login: {error or type(error).__name__}",
                code="unreachable",
                hint="Check the network, a proxy, and HERMES_CA_BUNDLE.",
            ) from error
        return _read(response.status_code, bytes(whole).decode("utf-8", "replace"), url)


def _read(status: int, text: str, url: str) -> Answer:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return Answer(status, body)
    if status >= 400:
        return Answer(status)
    raise LoginError(
        f"{host_of(url)} answered with something that is no login service's reply.",
        code="not_understood",
        hint="Check the addresses of the login.",
    )
