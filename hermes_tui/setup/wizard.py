"""From nothing to a model that answers, one question after the other.

The questions block, the requests between them run in a loop of their own each: so
Ctrl+C leaves at every moment, out of a question as well as out of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from hermes_core.config.editor import ConfigEditor
from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.errors import ConfigError, HermesError, LoginError, ProviderError
from hermes_core.paths import Home
from hermes_core.providers.local_servers import (
    PORTS,
    LocalServer,
    Probe,
    find_local_servers,
    probe_address,
)
from hermes_core.providers.logins.flows import log_in
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.tokens import Tokens
from hermes_core.providers.records import Record
from hermes_tui.command_line.logging_in import browser, follow, typed_lines
from hermes_tui.setup.choice import (
    Choice,
    NewKey,
    overridden,
    save_key,
    save_login,
    save_model,
    served_models,
    told_of_key,
    variable_of_address,
)
from hermes_tui.setup.dialogue import Dialogue, choose
from hermes_tui.setup.logins import logged_in, login_app
from hermes_tui.setup.offers import Offer, current_offer, kept_providers, offers
from hermes_tui.setup.placing import placed

_Tried = tuple[Choice, tuple[str, ...]]
"""A choice with the models it serves, none if it could not be asked."""


class Wizard(Struct, frozen=True, kw_only=True):
    """Asks for provider, key and model, and writes what was answered.

    Args:
        home: Whose files are written.
        dialogue: Who answers.
        environ: The variables that count.
        ports: Where local model servers are looked for; empty does not look.
        saves_keys_at_once: Keep a key as soon as it was tried, though no model was chosen.
        addresses: Where a key is tried, in place of those its provider is known to have.
    """

    home: Home
    dialogue: Dialogue
    environ: Mapping[str, str]
    ports: Mapping[int, str]
    saves_keys_at_once: bool
    addresses: tuple[str, ...] | None = None

    def run(self) -> bool:
        """Ask everything; whether a model was chosen and written.

        Raises:
            click.Abort: The person left; what was written stays.
            ConfigError: The installation is managed.
            OSError: A file cannot be read or written.
        """
        editor = ConfigEditor(self.home, environ=self.environ)
        editor.refuse_if_managed()
        loaded = load_settings(self.home, environ=self.environ)
        tried = self._provider(loaded)
        if tried is None:
            return self._left()
        choice, models = tried
        if self.saves_keys_at_once:
            self._save_key(editor, loaded, choice)
        model = self._model(loaded, choice, models)
        if not model:
            return self._left()
        if not self.saves_keys_at_once:
            self._save_key(editor, loaded, choice)
        edit = save_model(editor, loaded, choice, model)
        self.dialogue.say(f"{model} of {choice.label} is saved in {edit.file}.")
        for line in overridden(self.home, self.environ):
            self.dialogue.say(line)
        return True

    def _left(self) -> bool:
        self.dialogue.say("No model was chosen; the one set up before stays as it was.")
        return False

    def _save_key(self, editor: ConfigEditor, loaded: LoadedSettings, choice: Choice) -> None:
        login = save_login(self.home, loaded, choice)
        if login:
            self.dialogue.say(f"The login is kept as {login} (hermes auth list).")
        edit = save_key(editor, choice)
        if edit is not None:
            for line in told_of_key(edit, choice, self.environ):
                self.dialogue.say(line)

    # --- the provider ------------------------------------------------------------------

    def _provider(self, loaded: LoadedSettings) -> _Tried | None:
        rows = offers(loaded, self._local_servers(), self._kept(loaded))
        texts = [row.text for row in rows]
        while True:
            found = choose(self.dialogue, "Provider", texts, default=current_offer(loaded, rows))
            if found is None:
                return None
            if isinstance(found, str):
                self.dialogue.say(f"Nothing is called {found!r}.")
                continue
            tried = self._with_offer(loaded, rows[found])
            if tried is not None:
                return tried

    def _kept(self, loaded: LoadedSettings) -> set[str]:
        return kept_providers(self.home, loaded, self.environ)

    def _local_servers(self) -> tuple[LocalServer, ...]:
        if not self.ports:
            return ()
        ports = ", ".join(str(port) for port in self.ports)
        self.dialogue.say(f"Looking for model servers on 127.0.0.1 (ports {ports}) …")
        return asyncio.run(find_local_servers(self.ports))

    def _with_offer(self, loaded: LoadedSettings, offer: Offer) -> _Tried | None:
        if offer.server is not None:
            return self._with_server(offer.server)
        if offer.own:
            return self._tried(Choice(provider=f"custom:{offer.own}", label=offer.own))
        if offer.record is not None:
            return self._with_record(loaded, offer.record)
        return self._with_address()

    def _with_server(self, server: LocalServer) -> _Tried | None:
        question = f"Use what listens at {server.base_url}? It will get all you write"
        if not self.dialogue.confirm(question, default=True):
            return None
        label = f"the server at {server.base_url}"
        return Choice(provider="custom", label=label, base_url=server.base_url), server.models

    # --- the key -----------------------------------------------------------------------

    def _with_record(self, loaded: LoadedSettings, record: Record) -> _Tried | None:
        if record.id in self._kept(loaded) and self.dialogue.confirm(
            "Use what is kept in auth.json?", default=True
        ):
            tried = self._tried(Choice(provider=record.id, label=record.label))
            if tried is not None:
                return tried
        if not record.key_env:
            return self._with_login(loaded, record)
        found = loaded.secrets.first(*record.key_env)
        if found and self.dialogue.confirm(f"Use the key in {found[0]}?", default=True):
            tried = self._tried(Choice(provider=record.id, label=record.label))
            if tried is not None:
                return tried
        if record.console:
            self.dialogue.say(f"Keys are made at {record.console}")
        while True:
            value = self.dialogue.ask_hidden(f"Key for {record.label} (not shown; Enter: back)")
            if not value:
                return None
            key = NewKey(variable=record.key_env[0], value=value)
            tried = self._tried(Choice(provider=record.id, label=record.label, key=key))
            if tried is not None:
                return tried

    def _with_login(self, loaded: LoadedSettings, record: Record) -> _Tried | None:
        """Log in; nothing is kept before a model was chosen, or the login was tried."""
        app = login_app(loaded, record)
        if not app.client_id:
            self.dialogue.say(
                f"Logging in at {record.label} needs the id of an application registered there."
            )
            app = app.changed(client_id=self.dialogue.ask("Client id (Enter: back)"))
            if not app.client_id:
                return None
        post = HttpPost(ca_bundle=loaded.settings.requests.ca_bundle)

        async def run() -> Tokens:
            steps = log_in(app, record.id, post, pasted=typed_lines())
            shown = browser(self.environ, allowed=True)
            return await follow(steps, open_page=shown, say=self.dialogue.say)

        try:
            tokens = asyncio.run(run())
        except LoginError as error:
            self.dialogue.say(f"{error} {error.hint}".rstrip())
            return None
        return self._tried(logged_in(self.home, loaded, record, app, tokens, environ=self.environ))

    def _tried(self, choice: Choice) -> _Tried | None:
        """Ask for the models once; None if the person wants something else then."""
        self.dialogue.say(f"Asking {choice.label} for its models …")
        try:
            usual = choice.base_url
            choice = asyncio.run(
                placed(self.home, choice, environ=self.environ, addresses=self.addresses)
            )
            if choice.base_url != usual:
                self.dialogue.say(f"The key is good at {choice.base_url}; that address is used.")
            models = asyncio.run(served_models(self.home, choice, environ=self.environ))
        except HermesError as error:
            self.dialogue.say(f"{error} {error.hint}".rstrip())
            if not isinstance(error, ProviderError) or error.reason == "auth":
                return None
            if not self.dialogue.confirm("Go on without having tried it?", default=False):
                return None
            return choice, ()
        self.dialogue.say(f"It answered: {len(models)} models.")
        return choice, models

    # --- an address --------------------------------------------------------------------

    def _with_address(self) -> _Tried | None:
        probe = self._probed_address()
        if probe is None:
            return None
        key = None
        if probe.state == "wants_key":
            self.dialogue.say("It wants a key.")
            while probe.state == "wants_key":
                value = self.dialogue.ask_hidden("Key (not shown; Enter: back)")
                if not value:
                    return None
                key = NewKey(variable=variable_of_address(probe.base_url), value=value)
                probe = self._probe(probe.base_url, value)
                if probe.state == "wants_key":
                    self.dialogue.say("It refused that key.")
        elif probe.state == "fails":
            value = self.dialogue.ask_hidden("Key (not shown; Enter if it needs none)")
            if value:
                key = NewKey(variable=variable_of_address(probe.base_url), value=value)
        if probe.state == "fails":
            self.dialogue.say(f"Warning: {probe.base_url} could not be tried: {probe.problem}.")
        label = f"the server at {probe.base_url}"
        choice = Choice(provider="custom", label=label, base_url=probe.base_url, key=key)
        return choice, probe.models

    def _probed_address(self) -> Probe | None:
        while True:
            typed = self.dialogue.ask("Address, e.g. http://127.0.0.1:8080/v1 (Enter: back)")
            if not typed:
                return None
            try:
                probe = self._probe(typed)
            except ConfigError as error:
                self.dialogue.say(f"{error} {error.hint}".rstrip())
                continue
            if probe.base_url != typed.rstrip("/"):
                self.dialogue.say(f"It answers at {probe.base_url}; that address is used.")
            return probe

    def _probe(self, url: str, key: str = "") -> Probe:
        settings = load_settings(self.home, environ=self.environ).settings
        return asyncio.run(probe_address(url, key=key, ca_bundle=settings.requests.ca_bundle))

    # --- the model ---------------------------------------------------------------------

    def _model(self, loaded: LoadedSettings, choice: Choice, models: tuple[str, ...]) -> str:
        known = loaded.settings.model.default
        if not models:
            return self.dialogue.ask("Model id (Enter: leave)")
        if known in models:
            models = (known, *(name for name in models if name != known))
        default = 0 if known in models or len(models) == 1 else None
        while True:
            found = choose(self.dialogue, "Model", models, default=default)
            if found is None:
                return ""
            if isinstance(found, int):
                return models[found]
            question = f"{choice.label} lists no {found!r}. Use it all the same?"
            if self.dialogue.confirm(question, default=False):
                return found


def setup_wizard(home: Home, dialogue: Dialogue, environ: Mapping[str, str]) -> Wizard:
    """Return the wizard of `hermes setup`: it looks on this machine, finished steps stay."""
    return Wizard(
        home=home, dialogue=dialogue, environ=environ, ports=PORTS, saves_keys_at_once=True
    )


def model_wizard(home: Home, dialogue: Dialogue, environ: Mapping[str, str]) -> Wizard:
    """Return the wizard of `hermes model`: leaving at any question changes nothing."""
    return Wizard(home=home, dialogue=dialogue, environ=environ, ports={}, saves_keys_at_once=False)
