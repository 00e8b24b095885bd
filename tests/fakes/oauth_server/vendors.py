"""Device logins as two vendors answer them, over the same grants.

GitHub: "Authorizing OAuth apps", section "Device flow": errors come with status 200,
`slow_down` brings the next interval, tokens have no end and no refresh token. Qwen, as
its published command line asks: a code challenge is wanted (RFC 7636 over RFC 8628),
`slow_down` has status 429, and tokens come with the host they are good for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.oauth_server.grants import DEVICE, Grants, Refusal, challenge_of

Answer = tuple[int, dict[str, Any]]


class GitHubDevices:
    """`/login/device/code` and `/login/oauth/access_token`."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    def answer(self, path: str, fields: Mapping[str, str], page: str) -> Answer | None:
        """The answer; None for another path."""
        match path:
            case "/login/device/code":
                return 200, self._grants.device(fields, page)
            case "/login/oauth/access_token":
                return 200, self._token(fields)
        return None

    def _token(self, fields: Mapping[str, str]) -> dict[str, Any]:
        if fields.get("grant_type") != DEVICE:
            return {"error": "unsupported_grant_type"}
        try:
            found = self._grants.token(fields)
        except Refusal as refusal:
            slower = {"interval": self._grants.interval_s} if refusal.word == "slow_down" else {}
            return {"error": refusal.word, "error_description": "see the docs", **slower}
        return {"access_token": found["access_token"], "token_type": "bearer", "scope": "read:user"}


class QwenDevices:
    """`/api/v1/oauth2/device/code` and `/api/v1/oauth2/token`.

    Args:
        grants: Issues and checks.
        resource_url: What tokens come with.
    """

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self.resource_url = "portal.qwen.ai"
        self._challenges: dict[str, str] = {}

    def answer(self, path: str, fields: Mapping[str, str], page: str) -> Answer | None:
        """The answer; None for another path."""
        match path:
            case "/api/v1/oauth2/device/code":
                return 200, self._device(fields, page)
            case "/api/v1/oauth2/token":
                return 200, {**self._token(fields), "resource_url": self.resource_url}
        return None

    def _device(self, fields: Mapping[str, str], page: str) -> dict[str, Any]:
        if fields.get("code_challenge_method") != "S256" or not fields.get("code_challenge"):
            raise Refusal("invalid_request", "code_challenge is required")
        found = self._grants.device(fields, page)
        self._challenges[str(found["device_code"])] = fields["code_challenge"]
        return found

    def _token(self, fields: Mapping[str, str]) -> dict[str, Any]:
        if fields.get("grant_type") == DEVICE:
            challenge = self._challenges.get(fields.get("device_code", ""))
            if challenge_of(fields.get("code_verifier", "")) != challenge:
                raise Refusal("invalid_grant", "the verifier does not fit")
        try:
            return self._grants.token(fields)
        except Refusal as refusal:
            if refusal.word == "slow_down":
                raise Refusal("slow_down", status=429) from refusal
            raise
