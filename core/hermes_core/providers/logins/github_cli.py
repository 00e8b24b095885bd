"""The token of GitHub's own command line: asked for with `gh auth token`, never stored.

Whether somebody is logged in there is read from its list of hosts, which holds no token
where a keyring is used; the program itself runs only when a request needs the token.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from hermes_core.errors import LoginError
from hermes_core.providers.keys.credential import Credential
from hermes_core.security.environment import minimal_environment

PROVIDER = "copilot"
HOST_VARIABLE = "COPILOT_GH_HOST"
TIMEOUT_S = 5.0
_USUAL_PLACES = ("/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin")
_KEPT_NAMES = ("GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS", "APPDATA")
_HINT = "Run `gh auth login`, set COPILOT_GITHUB_TOKEN, or log in with `hermes auth add copilot --type oauth`."


class GitHubCli:
    """Asks `gh` for its token, and remembers it for this process.

    Args:
        environ: Says where the program and its settings are, and which host is meant.
        learn: Told the token, so that it is masked wherever it shows.
    """

    def __init__(
        self, environ: Mapping[str, str], learn: Callable[[str], None] = lambda _: None
    ) -> None:
        self._environ = environ
        self._learn = learn
        self._token = ""
        self._asking = asyncio.Lock()

    @property
    def host(self) -> str:
        """The GitHub that is meant."""
        return self._environ.get(HOST_VARIABLE, "").strip() or "github.com"

    def credential(self) -> Credential | None:
        """Its login as requests carry it; None if nobody is logged in. Reads one file."""
        if self._program() is None or not self._knows_host():
            return None
        return Credential(
            self._token, source="gh", entry_id="gh", label="GitHub CLI", is_last=True, login=self
        )

    async def key(self) -> str:
        """See `Login`."""
        return await self.other_key("")

    async def other_key(self, refused: str) -> str:
        """See `Login`."""
        async with self._asking:
            if not self._token or self._token == refused:
                self._token = await self._ask()
        if self._token == refused:
            raise LoginError("GitHub's token was refused.", code="foreign_login", hint=_HINT)
        return self._token

    async def _ask(self) -> str:
        program = self._program()
        if program is None:
            raise LoginError("gh is not installed.", code="foreign_login", hint=_HINT)
        kept = {name: self._environ[name] for name in _KEPT_NAMES if name in self._environ}
        # Without GH_TOKEN and GITHUB_TOKEN, which gh would hand back instead of its own.
        process = await asyncio.create_subprocess_exec(
            program,
            *("auth", "token", "--hostname", self.host),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=minimal_environment(self._environ, extra=kept),
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                said, _ = await process.communicate()
        except TimeoutError as error:
            raise LoginError(
                f"gh did not answer within {TIMEOUT_S:.0f} s.", code="unreachable", hint=_HINT
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        token = said.decode("utf-8", "replace").strip()
        if process.returncode or not token or not token.isprintable() or " " in token:
            raise LoginError(f"gh has no token for {self.host}.", code="foreign_login", hint=_HINT)
        self._learn(token)
        return token

    def _program(self) -> str | None:
        path = self._environ.get("PATH", "")
        home = self._environ.get("HOME", "")
        places = (*_USUAL_PLACES, *([f"{home}/.local/bin"] if home else []))
        return shutil.which("gh", path=":".join((path, *places)))

    def _knows_host(self) -> bool:
        folder = self._environ.get("GH_CONFIG_DIR", "")
        if not folder:
            base = (
                self._environ.get("XDG_CONFIG_HOME") or f"{self._environ.get('HOME', '')}/.config"
            )
            folder = f"{base}/gh"
        try:
            lines = Path(folder, "hosts.yml").read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        return any(line.split("#")[0].strip(" \"'") == f"{self.host}:" for line in lines)
