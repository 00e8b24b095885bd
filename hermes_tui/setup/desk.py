"""Setting a model up, one request at a time, for whoever asks the questions on a screen.

Nothing is written before `save`: whoever leaves leaves everything as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from hermes_core.config.editor import ConfigEditor
from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_core.providers.local_servers import PORTS, Probe, find_local_servers, probe_address
from hermes_core.providers.logins.flows import log_in
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.steps import EnterCode, LoggedIn, OpenPage
from hermes_core.providers.records import Record
from hermes_tui.setup.choice import (
    Choice,
    overridden,
    save_key,
    save_login,
    save_model,
    served_models,
    told_of_key,
)
from hermes_tui.setup.logins import logged_in, login_app
from hermes_tui.setup.offers import Offer, kept_providers, offers
from hermes_tui.setup.placing import placed

T = TypeVar("T")


class SetupDesk:
    """Looks, tries and saves for one home.

    Args:
        home: Whose files are read and written.
        environ: The variables that count.
        ports: Where local model servers are looked for; empty does not look.
    """

    def __init__(
        self, home: Home, environ: Mapping[str, str], *, ports: Mapping[int, str] = PORTS
    ) -> None:
        self._home = home
        self._environ = environ
        self._ports = ports

    async def look(self) -> list[Offer]:
        """Return what there is to choose from, what can be used at once first.

        Raises:
            ConfigError: The installation is managed, or the settings cannot be read.
        """
        servers = await find_local_servers(self._ports) if self._ports else ()
        return await asyncio.to_thread(self._offers, servers)

    def _offers(self, servers: Any) -> list[Offer]:
        ConfigEditor(self._home, environ=self._environ).refuse_if_managed()
        loaded = load_settings(self._home, environ=self._environ)
        return offers(loaded, servers, kept_providers(self._home, loaded, self._environ))

    async def found_key(self, record: Record) -> str:
        """Return where a key or login of the provider is; empty if there is none."""
        return await asyncio.to_thread(self._found_key, record)

    def _found_key(self, record: Record) -> str:
        loaded = load_settings(self._home, environ=self._environ)
        if record.id in kept_providers(self._home, loaded, self._environ):
            return "auth.json"
        found = loaded.secrets.first(*record.key_env)
        return f"{found[0]} ({loaded.secrets.source(found[0])})" if found else ""

    async def login_app(self, record: Record) -> OAuthApp:
        """Return where one logs in at a provider, perhaps without a client id."""
        loaded = await asyncio.to_thread(load_settings, self._home, environ=self._environ)
        return login_app(loaded, record)

    async def log_in(
        self,
        record: Record,
        app: OAuthApp,
        *,
        show: Callable[[OpenPage | EnterCode], None],
        pasted: Callable[[str], Awaitable[str]],
    ) -> Choice:
        """Log in; the login is kept with the model at the very end. Cancelling it leaves nothing.

        Args:
            record: At whom.
            app: As whom.
            show: Gets the page to open, perhaps with a code to type there.
            pasted: Waits for what the person hands back; told what was wrong with the last.

        Raises:
            LoginError: It failed.
        """
        loaded = await asyncio.to_thread(load_settings, self._home, environ=self._environ)
        post = HttpPost(ca_bundle=loaded.settings.requests.ca_bundle)
        async with aclosing(log_in(app, record.id, post, pasted=pasted)) as steps:
            async for step in steps:
                if not isinstance(step, LoggedIn):
                    show(step)
                    continue
                return await asyncio.to_thread(
                    partial(
                        logged_in,
                        *(self._home, loaded, record, app, step.tokens),
                        environ=self._environ,
                    )
                )
        raise AssertionError("a login ends with tokens or an error")

    async def place(self, choice: Choice) -> Choice:
        """Find the address a key is good at, where its provider has several."""
        return await _apart(lambda: placed(self._home, choice, environ=self._environ))

    async def models(self, choice: Choice) -> tuple[str, ...]:
        """Ask the provider for its models with the key that turns will use.

        Raises:
            ProviderError: It refused the key, or could not be reached.
            HermesError: It cannot even be asked.
        """
        return await _apart(lambda: served_models(self._home, choice, environ=self._environ))

    async def probe(self, url: str, key: str = "") -> Probe:
        """Find out what listens at an address.

        Raises:
            ConfigError: It is no address.
        """
        settings = await asyncio.to_thread(load_settings, self._home, environ=self._environ)
        bundle = settings.settings.requests.ca_bundle
        return await probe_address(url, key=key, ca_bundle=bundle)

    async def save(self, choice: Choice, model: str) -> list[str]:
        """Write key, provider and model; return what was done, a line each.

        Raises:
            ConfigError: A value is impossible, or the installation is managed.
            OSError: A file cannot be written.
        """
        return await asyncio.to_thread(self._save, choice, model)

    def _save(self, choice: Choice, model: str) -> list[str]:
        editor = ConfigEditor(self._home, environ=self._environ)
        loaded = load_settings(self._home, environ=self._environ)
        login, key = save_login(self._home, loaded, choice), save_key(editor, choice)
        lines = [f"The login is kept as {login} (hermes auth list)."] if login else []
        lines += [] if key is None else told_of_key(key, choice, self._environ)
        edit = save_model(editor, loaded, choice, model)
        lines.append(f"{model} of {choice.label} is saved in {edit.file}.")
        return [*lines, *overridden(self._home, self._environ)]


async def _apart(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a job in a loop of its own: it imports a client, which takes half a second."""
    return await asyncio.to_thread(lambda: asyncio.run(job()))
