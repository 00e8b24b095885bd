"""Requests to authorization servers: short, small, never redirected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from hermes_core.errors import ConfigError, LoginError
from hermes_core.providers.address import host_of
from hermes_core.providers.logins.tokens import Answer

TIMEOUT_S = 10.0
"""Of one request; below the time others wait for the lock that is held meanwhile."""


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
            LoginError: `unreachable`: no answer came; or it is no JSON object.
        """
        ...


class HttpPost:
    """`Post` over HTTP.

    Args:
        ca_bundle: File of trusted certificates instead of the system's.
        timeout_s: Of one request.
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
        try:
            response = httpx2.post(
                url,
                headers=headers,
                timeout=self._timeout_s,
                follow_redirects=False,
                verify=trusted_certificates(self._ca_bundle),
                **body,
            )
        except ConfigError:
            raise
        except httpx2.HTTPError as error:
            raise LoginError(
                f"{host_of(url)} cannot be reached for the login: {error}",
                code="unreachable",
                hint="Check the network, a proxy, and HERMES_CA_BUNDLE.",
            ) from error
        return _read(response.status_code, response.text, url)


def _read(status: int, text: str, url: str) -> Answer:
    try:
        body = json.loads(text)
    except ValueError:
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
