"""Where to log in at a provider: its record, and what the settings change about it."""

from __future__ import annotations

from collections.abc import Callable

from hermes_core.config.model_settings import OAuthSettings, ProviderEntry
from hermes_core.config.schema import Settings
from hermes_core.providers.keys.lookup import KeySource, plain_name
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.records import find_record, records


def known_apps(settings: Settings, variables: KeySource) -> Callable[[str], OAuthApp | None]:
    """Return a look-up by the id of a provider, `custom:<name>` included.

    Args:
        settings: `providers.<name>.oauth` of them counts.
        variables: May name another issuer.
    """

    def app_of(provider: str) -> OAuthApp | None:
        record = records().get(provider)
        app = record.oauth if record is not None else None
        wanted = _oauth_settings(settings, provider)
        if app is None and not wanted.flow:
            return None
        app = app or OAuthApp()
        moved = next((url for name in app.issuer_env if (url := variables.get(name))), "")
        moved = moved if not moved or "://" in moved else f"https://{moved}"
        return app.changed(issuer=moved).changed(**dict(wanted))

    return app_of


def _oauth_settings(settings: Settings, provider: str) -> OAuthSettings:
    record = records().get(provider)
    for name, entry in _entries(settings):
        same = find_record(name) is record if record else f"custom:{plain_name(name)}" == provider
        if same:
            return entry.oauth
    return OAuthSettings()


def _entries(settings: Settings) -> list[tuple[str, ProviderEntry]]:
    older = [(entry.name, entry) for entry in settings.custom_providers]
    return [*settings.providers.items(), *older]
