"""The keys and logins of a home, put together as its settings want them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from hermes_core.config.loader import LoadedSettings
from hermes_core.paths import Home
from hermes_core.providers.ipv4 import resolve_ipv4_alone
from hermes_core.providers.keys.auth_file import AuthFile, AuthStore
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.keys.vault import KeptSecrets, OsKeyring
from hermes_core.providers.logins.foreign import ForeignLogins
from hermes_core.providers.logins.github_cli import GitHubCli
from hermes_core.providers.logins.known_apps import known_apps
from hermes_core.providers.logins.logins import Logins
from hermes_core.providers.logins.posting import HttpPost


def open_pools(
    home: Home,
    loaded: LoadedSettings,
    *,
    now: Callable[[], float] = time.time,
    learn: Callable[[str], None] = lambda _: None,
    environ: Mapping[str, str] | None = None,
    store: AuthStore | None = None,
) -> KeyPools:
    """Return the pools of a home; nothing is read yet.

    Whoever is about to ask a service opens them first, so `network.force_ipv4` begins to
    hold here.

    Args:
        home: Where `auth.json` is.
        loaded: Its settings.
        now: Seconds since the epoch.
        learn: Told each secret that a renewal brings.
        environ: Says where other programs keep theirs; `os.environ` when not given.
        store: Where logins are kept, in place of `auth.json` and keyring.
    """
    resolve_ipv4_alone(loaded.settings.network.force_ipv4)
    keyring = OsKeyring(f"hermes {home.root}")
    secrets = KeptSecrets(keyring, takes_new=loaded.settings.credentials.keyring)
    auth = store or AuthFile(home.auth_file, secrets)
    logins = Logins(
        auth,
        known_apps(loaded.settings, loaded.secrets),
        HttpPost(ca_bundle=loaded.settings.requests.ca_bundle),
        now=now,
        learn=learn,
    )
    wanted = loaded.settings.credentials
    answers = {"claude_code": wanted.claude_code, "codex": wanted.codex, "qwen": wanted.qwen}
    environ = os.environ if environ is None else environ
    foreign = ForeignLogins(
        frozenset(program for program, is_allowed in answers.items() if is_allowed),
        environ,
        now,
        learn,
        GitHubCli(environ, learn),
    )
    return KeyPools(
        auth,
        loaded.settings.credential_pool_strategies,
        logins=logins,
        foreign=foreign,
        now=now,
    )
