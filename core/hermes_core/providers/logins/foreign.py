"""Logins of other programs on this machine: found, shown, used after a yes; only read.

Their refresh tokens are never sent: each is good for one request, and the program that
keeps it would be logged out. When such a login ends, its own program renews it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from hermes_core.errors import LoginError
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.logins.github_cli import PROVIDER as GITHUB_PROVIDER
from hermes_core.providers.logins.github_cli import GitHubCli
from hermes_core.providers.logins.tokens import claims_of, resource_address

MARGIN_S = 60.0
_MOST_BYTES = 1 << 20


class ForeignLogin(Struct, frozen=True):
    """What such a file says now."""

    access: str
    expires_at: float = 0.0
    """Seconds since the epoch; 0 if nobody said."""
    base_url: str = ""
    """Where it is to be used, if the file says so."""

    def __repr__(self) -> str:
        """Without what is secret."""
        return "ForeignLogin(…)"


class ForeignProgram(Struct, frozen=True, kw_only=True):
    """A program that keeps logins."""

    id: str
    """Its key under `credentials` in the settings."""
    label: str
    provider: str
    """Whose login it is."""
    renew: str
    """What renews it: a command."""
    terms: str
    """Page with the vendor's terms, which may not allow what a person is about to do."""
    place: Callable[[Mapping[str, str]], Path]
    """Where the file is, from the variables of the environment."""
    read: Callable[[Mapping[str, Any]], ForeignLogin | None]

    def found(self, environ: Mapping[str, str]) -> ForeignLogin | None:
        """The login, if there is one that can be read. Blocks."""
        path = self.place(environ)
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            document = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None  # not logged in there, or another form of the file
        return self.read(document) if isinstance(document, dict) else None


def _claude_login(document: Mapping[str, Any]) -> ForeignLogin | None:
    inner = document.get("claudeAiOauth")
    access = inner.get("accessToken") if isinstance(inner, dict) else None
    if not isinstance(access, str) or not access:
        return None
    end = inner.get("expiresAt") if isinstance(inner, dict) else None
    return ForeignLogin(access, end / 1000 if isinstance(end, int | float) else 0.0)


def _codex_login(document: Mapping[str, Any]) -> ForeignLogin | None:
    tokens = document.get("tokens")
    access = tokens.get("access_token") if isinstance(tokens, dict) else None
    if not isinstance(access, str) or not access:
        return None
    end = claims_of(access).get("exp")
    return ForeignLogin(access, float(end) if isinstance(end, int | float) else 0.0)


def _qwen_login(document: Mapping[str, Any]) -> ForeignLogin | None:
    access = document.get("access_token")
    if not isinstance(access, str) or not access:
        return None
    end = document.get("expiry_date")
    return ForeignLogin(
        access,
        end / 1000 if isinstance(end, int | float) else 0.0,
        resource_address(document.get("resource_url")),
    )


def _user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


PROGRAMS: tuple[ForeignProgram, ...] = (
    ForeignProgram(
        id="claude_code",
        label="Claude Code",
        provider="anthropic",
        renew="claude",
        terms="https://www.anthropic.com/legal/consumer-terms",
        place=lambda environ: _user_home(environ) / ".claude" / ".credentials.json",
        read=_claude_login,
    ),
    ForeignProgram(
        id="codex",
        label="Codex",
        provider="openai-codex",
        renew="codex",
        terms="https://openai.com/policies/terms-of-use",
        place=lambda environ: (
            Path(environ.get("CODEX_HOME") or _user_home(environ) / ".codex") / "auth.json"
        ),
        read=_codex_login,
    ),
    ForeignProgram(
        id="qwen",
        label="Qwen Code",
        provider="qwen-oauth",
        renew="qwen",
        terms="https://chat.qwen.ai/legal-agreement/terms-of-service",
        place=lambda environ: _user_home(environ) / ".qwen" / "oauth_creds.json",
        read=_qwen_login,
    ),
)


class ForeignLogins(Struct, frozen=True):
    """Those a person allowed.

    Args:
        allowed: Ids of programs.
        environ: Says where files are.
        now: Seconds since the epoch.
        learn: Told each token, so that it is masked wherever it shows.
    """

    allowed: frozenset[str]
    environ: Mapping[str, str]
    now: Callable[[], float] = time.time
    learn: Callable[[str], None] = lambda _: None
    github: GitHubCli | None = None
    """Hands its token out by a command of its own; used where its provider is chosen."""

    def credentials(self, provider: str) -> Iterator[Credential]:
        """The logins that may be used for a provider. Blocks."""
        found_here = self.github and provider == GITHUB_PROVIDER and self.github.credential()
        if found_here:
            yield found_here
        for program in PROGRAMS:
            if program.provider != provider or program.id not in self.allowed:
                continue
            found = program.found(self.environ)
            if found is not None:
                yield Credential(
                    found.access,
                    source=program.id,
                    entry_id=program.id,
                    label=program.label,
                    base_url=found.base_url,
                    login=_ReadLogin(self, program),
                )

    def unused(self) -> list[ForeignProgram]:
        """Programs with a login that nobody allowed to be used. Blocks."""
        return [
            program
            for program in PROGRAMS
            if program.id not in self.allowed and program.found(self.environ) is not None
        ]


class _ReadLogin(Struct, frozen=True):
    """See `Login`: the file is read anew each time."""

    logins: ForeignLogins
    program: ForeignProgram

    async def key(self) -> str:
        """See `Login`."""
        return await self.other_key("")

    async def other_key(self, refused: str) -> str:
        """See `Login`."""
        logins = self.logins
        found = await asyncio.to_thread(self.program.found, logins.environ)
        lasts = found is not None and (
            not found.expires_at or found.expires_at - logins.now() > MARGIN_S
        )
        if found is None or found.access == refused or not lasts:
            raise LoginError(
                f"The login of {self.program.label} has ended or was refused.",
                code="foreign_login",
                is_over=True,
                hint=(
                    f"Run `{self.program.renew}` once: it renews its own login,"
                    " which is only read here."
                ),
            )
        logins.learn(found.access)
        return found.access
