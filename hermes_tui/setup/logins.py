"""A login that is made while a model is set up: in memory until everything is written."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_core.config.loader import LoadedSettings
from hermes_core.paths import Home
from hermes_core.providers.keys.auth_file import AuthMemory
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.logins.known_apps import known_apps
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.tokens import Tokens
from hermes_core.providers.records import Record
from hermes_tui.setup.choice import Choice


def login_app(loaded: LoadedSettings, record: Record) -> OAuthApp:
    """Return where one logs in at a provider; without a client id one has to be asked for."""
    return known_apps(loaded.settings, loaded.secrets)(record.id) or OAuthApp()


def logged_in(
    home: Home,
    loaded: LoadedSettings,
    record: Record,
    app: OAuthApp,
    tokens: Tokens,
    *,
    environ: Mapping[str, str] | None,
) -> Choice:
    """Return the choice of a provider with a login that is not kept yet."""
    pools = open_pools(home, loaded, environ=environ, store=AuthMemory())
    pools.add_login(record.id, tokens, app)
    return Choice(provider=record.id, label=record.label, login=pools)
