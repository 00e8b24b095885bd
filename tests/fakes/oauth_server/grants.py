"""What the authorization server knows and how it decides. No HTTP here.

Sources, by behaviour: errors and answers of the token endpoint, RFC 6749 sections 5.1
and 5.2; the device grant with `authorization_pending`, `slow_down`, `expired_token`,
`access_denied`, RFC 8628 sections 3.2 to 3.5; code challenges, RFC 7636 section 4.6;
rotation of refresh tokens and the end of a family once one is used twice, RFC 9700
section 4.14.2.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Refusal(Exception):
    """An error answer: its word, its status."""

    def __init__(self, word: str, said: str = "", status: int = 400) -> None:
        super().__init__(word)
        self.word = word
        self.said = said
        self.status = status


@dataclass
class _Device:
    expires_at: float
    state: str = "pending"
    asked_at: float = float("-inf")


@dataclass
class _Code:
    challenge: str
    redirect_uri: str
    client_id: str


@dataclass
class _Family:
    """One login: all its tokens end together."""

    is_over: bool = False
    accesses: dict[str, float] = field(default_factory=dict)


class Grants:
    """Issues and checks.

    Args:
        client_id: The one client that is registered.
        now: Seconds since the epoch.
        life_s: Of an access token.
        interval_s: Least time between two questions for a device's login.
    """

    def __init__(
        self, client_id: str, now: Callable[[], float], *, life_s: float, interval_s: float
    ) -> None:
        self.client_id = client_id
        self.life_s = life_s
        self.interval_s = interval_s
        self.code_life_s = 600
        self.approves = False
        """Whether the person agrees before anybody asks."""
        self.refreshes = 0
        """Refresh requests that were answered with tokens."""
        self.reuses = 0
        """Refresh tokens that came a second time."""
        self._now = now
        self._lock = threading.Lock()
        self._count = 0
        self._devices: dict[str, _Device] = {}
        self._user_codes: dict[str, str] = {}
        self._codes: dict[str, _Code] = {}
        self._refreshes: dict[str, _Family] = {}
        self._used: dict[str, _Family] = {}

    # --- what a person or a test does ----------------------------------------------------

    def decide(self, user_code: str, state: str) -> None:
        """The person typed the code and said `approved` or `denied`."""
        self._devices[self._user_codes[user_code]].state = state

    def revoke(self, refresh_token: str) -> None:
        """End a login from the account page."""
        self._refreshes[refresh_token].is_over = True

    def expire(self, access: str) -> None:
        """Let an access token end now, without telling anybody."""
        for family in self._families():
            if access in family.accesses:
                family.accesses[access] = 0.0

    def accepts(self, access: str) -> bool:
        """Whether a service would take this access token now."""
        return any(
            not family.is_over and family.accesses.get(access, 0.0) > self._now()
            for family in self._families()
        )

    def log_in(self) -> dict[str, object]:
        """Tokens of a login that was made before the test."""
        with self._lock:
            return self._tokens(_Family())

    # --- endpoints -----------------------------------------------------------------------

    def device(self, fields: Mapping[str, str], page: str) -> dict[str, object]:
        """RFC 8628, section 3.2."""
        self._client(fields)
        with self._lock:
            name, code = self._name("device"), f"WDJB-{self._count:04d}"
            state = "approved" if self.approves else "pending"
            self._devices[name] = _Device(self._now() + self.code_life_s, state)
            self._user_codes[code] = name
        return {
            "device_code": name,
            "user_code": code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={code}",
            "expires_in": self.code_life_s,
            "interval": self.interval_s,
        }

    def authorize(self, fields: Mapping[str, str]) -> str:
        """The person agreed: return the code (RFC 6749, section 4.1.2)."""
        self._client(fields)
        if fields.get("response_type") != "code":
            raise Refusal("unsupported_response_type")
        if (
            fields.get("code_challenge_method") != "S256"
            or len(fields.get("code_challenge", "")) != 43
        ):
            raise Refusal("invalid_request", "code challenge required")
        with self._lock:
            code = self._name("code")
            self._codes[code] = _Code(
                fields["code_challenge"], fields["redirect_uri"], fields["client_id"]
            )
        return code

    def issue_code(self, verifier: str, redirect_uri: str) -> str:
        """A code for a verifier that the service made itself."""
        challenge = challenge_of(verifier)
        with self._lock:
            code = self._name("code")
            self._codes[code] = _Code(challenge, redirect_uri, self.client_id)
        return code

    def token(self, fields: Mapping[str, str]) -> dict[str, object]:
        """RFC 6749, section 5."""
        self._client(fields)
        with self._lock:
            match fields.get("grant_type"):
                case "refresh_token":
                    return self._refresh(fields.get("refresh_token", ""))
                case "authorization_code":
                    return self._exchange(fields)
                case grant if grant == DEVICE:
                    return self._poll(fields.get("device_code", ""))
        raise Refusal("unsupported_grant_type")

    def _refresh(self, token: str) -> dict[str, object]:
        if token in self._used:
            self.reuses += 1
            self._used[token].is_over = True
            raise Refusal("invalid_grant", "the refresh token was used before")
        family = self._refreshes.pop(token, None)
        if family is None or family.is_over:
            raise Refusal("invalid_grant", "the refresh token is not valid")
        self._used[token] = family
        self.refreshes += 1
        return self._tokens(family)

    def _exchange(self, fields: Mapping[str, str]) -> dict[str, object]:
        found = self._codes.pop(fields.get("code", ""), None)
        if found is None or found.redirect_uri != fields.get("redirect_uri"):
            raise Refusal("invalid_grant", "no such code")
        if challenge_of(fields.get("code_verifier", "")) != found.challenge:
            raise Refusal("invalid_grant", "the verifier does not fit")
        return self._tokens(_Family())

    def _poll(self, name: str) -> dict[str, object]:
        device = self._devices.get(name)
        if device is None:
            raise Refusal("invalid_grant")
        if device.expires_at <= self._now():
            raise Refusal("expired_token")
        since, device.asked_at = self._now() - device.asked_at, self._now()
        if since < self.interval_s:
            raise Refusal("slow_down")
        if device.state == "pending":
            raise Refusal("authorization_pending")
        if device.state == "denied":
            raise Refusal("access_denied")
        del self._devices[name]
        return self._tokens(_Family())

    def _tokens(self, family: _Family) -> dict[str, object]:
        access, refresh = self._name("access"), self._name("refresh")
        family.accesses[access] = self._now() + self.life_s
        self._refreshes[refresh] = family
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": int(self.life_s),
        }

    def _families(self) -> list[_Family]:
        return [*self._refreshes.values(), *self._used.values()]

    def _client(self, fields: Mapping[str, str]) -> None:
        if fields.get("client_id") != self.client_id:
            raise Refusal("invalid_client", "no such client", 401)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-token-{self._count:04d}-0123456789abcdef"


def challenge_of(verifier: str) -> str:
    """RFC 7636, section 4.6."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
