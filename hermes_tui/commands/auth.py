"""`hermes auth`: several keys for one provider, kept in `auth.json`."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import click

from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.config.model_settings import PoolStrategy
from hermes_core.errors import ConfigError, HermesError
from hermes_core.paths import Home
from hermes_core.providers.address import clean_base_url
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.keys.lookup import plain_name
from hermes_core.providers.keys.pool_entry import PoolEntry
from hermes_core.providers.logins.flows import log_in
from hermes_core.providers.logins.foreign import PROGRAMS
from hermes_core.providers.logins.known_apps import known_apps
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.tokens import Tokens
from hermes_core.providers.records import find_record, records
from hermes_core.providers.resolve import resolve
from hermes_tui.command_line import offers
from hermes_tui.command_line.logging_in import browser, follow, typed_lines

STRATEGIES: tuple[str, ...] = get_args(PoolStrategy)


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show and change the keys of providers that have several."""
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        context.invoke(list_, provider=None)
        return
    # measured: writing a strategy needs ruamel.yaml
    from hermes_tui.setup.dialogue import TerminalDialogue
    from hermes_tui.setup.keys_menu import run_menu

    run_menu(TerminalDialogue(), menu_acts(context))


def menu_acts(context: click.Context) -> dict[str, Callable[..., None]]:
    """What the menu can do: the commands of this group, and setting a strategy."""
    names = {"list": list_, "add": add, "remove": remove, "reset": reset, "strategy": strategy}
    return {name: partial(context.invoke, one) for name, one in names.items()}


@command.command("list")
@click.argument("provider", required=False, shell_complete=offers.providers)
def list_(provider: str | None) -> None:
    """Print the keys that would be asked, first asked first; never the keys themselves."""
    home = Home.find()
    loaded = load_settings(home)
    pools = open_pools(home, loaded)
    names = [_pool(provider, loaded)] if provider else _known(loaded, pools)
    shown = [name for name in names if _show(name, loaded, pools)]
    if not shown:
        what = f"{provider} has no key." if provider else "No provider has a key."
        click.echo(f"{what} hermes auth add PROVIDER keeps one.")
    for program in pools.foreign.unused():
        if provider is None or program.provider in names:
            click.echo(
                f"{program.label} is logged in on this machine; that login is not used.\n"
                f"  If the terms of its vendor allow it ({program.terms}):"
                f" hermes config set credentials.{program.id} true"
            )


@command.command()
@click.argument("provider", shell_complete=offers.providers)
@click.option("--type", "kind", type=click.Choice(["api-key", "oauth"]), help="Key or login.")
@click.option("--oauth", is_flag=True, help="The same as --type oauth.")
@click.option("--api-key", help="The key; others on this machine may see it. Better: leave it out.")
@click.option("--label", default="", help="How the key is called here.")
@click.option("--base-url", default="", help="The address this key belongs to, if not the usual.")
@click.option("--inference-url", default="", help="The same as --base-url.")
@click.option("--portal-url", default="", help="Login: the address of the service, if another.")
@click.option("--client-id", default="", help="Login: the application you registered there.")
@click.option("--scope", default="", help="Login: what is asked for.")
@click.option("--no-browser", is_flag=True, help="Login: only print the address.")
@click.option("--timeout", default=10.0, help="Login: seconds for one request.")
@click.option("--ca-bundle", default="", help="Login: file of trusted certificates.")
def add(provider: str, kind: str | None, oauth: bool, **asked: Any) -> None:
    """Keep one more key, asked for or read from standard input; or log in."""
    home = Home.find()
    loaded = load_settings(home)
    pool = _pool(provider, loaded)
    base_url = asked["base_url"] or asked["inference_url"]
    base_url = clean_base_url(base_url) if base_url else ""
    record = find_record(pool)
    only_login = record is not None and record.oauth is not None and not record.key_env
    if oauth or kind == "oauth" or (kind is None and only_login and not asked["api_key"]):
        entry = _logged_in(pool, home, loaded, address=base_url, **asked)
    else:
        secret = (asked["api_key"] or _asked(provider)).strip()
        if len(secret) < 4:
            raise HermesError("That is no key.", hint="Nothing was kept.")
        entry = open_pools(home, loaded).add(pool, secret, label=asked["label"], base_url=base_url)
    place = "the keyring" if loaded.settings.credentials.keyring else str(home.auth_file)
    click.echo(f"{entry.label} ({entry.id}) of {pool} is kept in {place}.")


def _logged_in(
    pool: str, home: Home, loaded: LoadedSettings, *, address: str, **asked: Any
) -> PoolEntry:
    """Log in and keep what came of it; nothing is written before that.

    Raises:
        LoginError: It did not work out.
    """
    app = known_apps(loaded.settings, loaded.secrets)(pool) or OAuthApp()
    app = app.changed(
        issuer=asked["portal_url"], client_id=asked["client_id"], scope=asked["scope"]
    )
    post = HttpPost(
        ca_bundle=asked["ca_bundle"] or loaded.settings.requests.ca_bundle,
        timeout_s=asked["timeout"],
    )

    async def run() -> Tokens:
        steps = log_in(app, pool.removeprefix("custom:"), post, pasted=typed_lines())
        return await follow(steps, open_page=browser(os.environ, allowed=not asked["no_browser"]))

    tokens = asyncio.run(run())
    return open_pools(home, loaded).add_login(
        pool, tokens, app, label=asked["label"], base_url=address
    )


@command.command()
@click.argument("provider", shell_complete=offers.providers)
@click.argument("key", metavar="NUMBER|ID|LABEL")
def remove(provider: str, key: str) -> None:
    """Forget a key that is kept here."""
    home = Home.find()
    loaded = load_settings(home)
    pool = _pool(provider, loaded)
    program = next((one for one in PROGRAMS if key in (one.id, one.label)), None)
    if program is not None:
        raise ConfigError(
            f"The login of {program.label} is its own.",
            hint=f"hermes config set credentials.{program.id} false leaves it alone.",
        )
    keys = _keys(pool, loaded, open_pools(home, loaded))
    if key in [one.source for one in keys if not one.entry_id]:
        raise ConfigError(
            f"{key} is not kept in auth.json.", hint=f"hermes config unset {key} takes it out."
        )
    entry = open_pools(home, loaded).remove(pool, key)
    click.echo(f"{entry.label} ({entry.id}) of {pool} is forgotten.")


@command.command()
@click.argument("provider", shell_complete=offers.providers)
def reset(provider: str) -> None:
    """Ask resting keys again from now on."""
    home = Home.find()
    loaded = load_settings(home)
    count = open_pools(home, loaded).wake(_pool(provider, loaded))
    what = "1 resting key" if count == 1 else f"{count} resting keys"
    click.echo(f"{what} will be asked again.")


@command.command()
@click.argument("provider", shell_complete=offers.providers)
@click.argument("strategy", type=click.Choice(STRATEGIES))
def strategy(provider: str, strategy: str) -> None:
    """Choose which of several keys is asked."""
    home = Home.find()
    pool = _pool(provider, load_settings(home))
    # measured: writing needs ruamel.yaml
    from hermes_core.config.editor import ConfigEditor

    edit = ConfigEditor(home).set_value(f"credential_pool_strategies.{pool}", strategy)
    click.echo(f"{strategy} for {pool} is kept in {edit.file}.")


def _pool(provider: str, loaded: LoadedSettings) -> str:
    """The name of a provider's pool.

    Raises:
        ConfigError: Nobody is called so.
    """
    record = find_record(provider)
    if record is not None and record.id not in ("custom", "demo"):
        return record.id
    wanted = plain_name(provider.removeprefix("custom:"))
    own = {plain_name(name) for name in loaded.settings.providers}
    own |= {plain_name(entry.name) for entry in loaded.settings.custom_providers}
    if wanted not in own:
        raise ConfigError(
            f"No provider is called {provider!r}.",
            hint="It is an id of docs/providers.md, or a name of `providers` in config.yaml.",
        )
    return f"custom:{wanted}"


def _known(loaded: LoadedSettings, pools: KeyPools) -> list[str]:
    """Pools that exist, and providers with a key elsewhere."""
    own = [f"custom:{plain_name(name)}" for name in loaded.settings.providers]
    return list(dict.fromkeys([*pools.providers(), *records(), *own]))


def _keys(pool: str, loaded: LoadedSettings, pools: KeyPools) -> list[Credential]:
    """The keys that would be asked, in their order."""
    try:
        found = resolve(
            loaded.settings, loaded.secrets, provider=pool, model="any", stored=pools
        ).keys
    except HermesError:
        return []  # no key, or a provider that is gone: nothing would be asked
    return [key for key in found if key.source != "none"]


def _show(pool: str, loaded: LoadedSettings, pools: KeyPools) -> bool:
    keys = _keys(pool, loaded, pools)
    entries = {entry.id: entry for entry in pools.entries(pool)}
    rows = [(key.id, key.name, _place(key), entries.get(key.id)) for key in keys]
    asked = {key.id for key in keys}
    rows += [
        (one.id, one.label, "login", one)
        for one in entries.values()
        if (one.is_login or one.is_out_of_reach) and one.id not in asked
    ]
    if rows:
        click.echo(pool)
    for number, (key_id, name, place, entry) in enumerate(rows, 1):
        state = _state(entry) if entry is not None else "ready"
        click.echo(f"  {number}  {key_id:<6}  {name:<24} {place:<20} {state}")
    return bool(rows)


def _place(key: Credential) -> str:
    if key.source == "auth.json":
        return key.source
    return "login" if key.login is not None else "variable or settings"


def _state(entry: PoolEntry) -> str:
    now = time.time()
    if entry.is_out_of_reach:
        return "kept in the keyring, which does not give it"
    if entry.is_over:
        return "ended: log in again" if entry.is_login else "taken back by the provider"
    if entry.rests_until > now:
        until = dt.datetime.fromtimestamp(entry.rests_until, dt.UTC).astimezone()
        return f"rests until {until:%d %b %H:%M} ({entry.error_reason})"
    if not entry.is_login or not entry.expires_at:
        return "ready"
    minutes = round((entry.expires_at - now) / 60)
    return f"ready, {minutes} min left" if minutes > 2 else "ready, renewed on use"


def _asked(provider: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    answer: str = click.prompt(
        f"Key of {provider}", hide_input=True, default="", show_default=False
    )
    return answer
