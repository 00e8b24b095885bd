"""`hermes auth`: several keys for one provider, kept in `auth.json`."""

from __future__ import annotations

import datetime as dt
import math
import sys
import time

import click

from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.errors import ConfigError, HermesError
from hermes_core.paths import Home
from hermes_core.providers.address import clean_base_url
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.records import find_record, records
from hermes_core.providers.resolve import plain_name, resolve


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show and change the keys of providers that have several."""
    if context.invoked_subcommand is None:
        context.invoke(list_, provider=None)


@command.command("list")
@click.argument("provider", required=False)
def list_(provider: str | None) -> None:
    """Print the keys that would be asked, first asked first; never the keys themselves."""
    home = Home.find()
    loaded = load_settings(home)
    pools = _pools(home, loaded)
    names = [_pool(provider, loaded)] if provider else _known(loaded, pools)
    shown = [name for name in names if _show(name, loaded, pools)]
    if not shown:
        what = f"{provider} has no key." if provider else "No provider has a key."
        click.echo(f"{what} hermes auth add PROVIDER keeps one.")


@command.command()
@click.argument("provider")
@click.option("--api-key", help="The key; others on this machine may see it. Better: leave it out.")
@click.option("--label", default="", help="How the key is called here.")
@click.option("--base-url", default="", help="The address this key belongs to, if not the usual.")
def add(provider: str, api_key: str | None, label: str, base_url: str) -> None:
    """Keep one more key; it is asked for, or read from standard input."""
    home = Home.find()
    loaded = load_settings(home)
    secret = (api_key or _asked(provider)).strip()
    if len(secret) < 4:
        raise HermesError("That is no key.", hint="Nothing was kept.")
    if base_url:
        base_url = clean_base_url(base_url)
    pool = _pool(provider, loaded)
    entry = _pools(home, loaded).add(pool, secret, label=label, base_url=base_url)
    click.echo(f"{entry.label} ({entry.id}) of {pool} is kept in {home.auth_file}.")


@command.command()
@click.argument("provider")
@click.argument("key", metavar="NUMBER|ID|LABEL")
def remove(provider: str, key: str) -> None:
    """Forget a key that is kept here."""
    home = Home.find()
    loaded = load_settings(home)
    pool = _pool(provider, loaded)
    _, elsewhere = _keys(pool, loaded, _pools(home, loaded))
    if key in elsewhere:
        raise ConfigError(
            f"{key} is not kept in auth.json.", hint=f"hermes config unset {key} takes it out."
        )
    entry = _pools(home, loaded).remove(pool, key)
    click.echo(f"{entry.label} ({entry.id}) of {pool} is forgotten.")


@command.command()
@click.argument("provider")
def reset(provider: str) -> None:
    """Ask resting keys again from now on."""
    home = Home.find()
    loaded = load_settings(home)
    count = _pools(home, loaded).wake(_pool(provider, loaded))
    click.echo(f"{count} resting key(s) will be asked again.")


def _pools(home: Home, loaded: LoadedSettings) -> KeyPools:
    return KeyPools(AuthFile(home.auth_file), loaded.settings.credential_pool_strategies)


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


def _keys(pool: str, loaded: LoadedSettings, pools: KeyPools) -> tuple[list[str], list[str]]:
    """Ids of the keys that would be asked in their order, and names of those kept elsewhere."""
    try:
        found = resolve(
            loaded.settings, loaded.secrets, provider=pool, model="any", stored=pools
        ).keys
    except HermesError:
        return [], []  # no key, or a provider that is gone: nothing would be asked
    real = [key for key in found if key.source != "none"]
    return [key.id for key in real], [key.source for key in real if not key.entry_id]


def _show(pool: str, loaded: LoadedSettings, pools: KeyPools) -> bool:
    ids, elsewhere = _keys(pool, loaded, pools)
    entries = {entry.id: entry for entry in pools.entries(pool)}
    if not ids:
        return False
    click.echo(pool)
    names = iter(elsewhere)
    for number, key_id in enumerate(ids, 1):
        entry = entries.get(key_id)
        is_own = entry is not None and entry.is_own
        name = entry.label if entry is not None and is_own else next(names)
        where = "auth.json" if is_own else "variable or settings"
        state = _state(entry.rests_until, entry.error_reason) if entry is not None else "ready"
        click.echo(f"  {number}  {key_id}  {name:<24} {where:<20} {state}")
    return True


def _state(rests_until: float, reason: str) -> str:
    if math.isinf(rests_until):
        return "taken back by the provider"
    if rests_until <= time.time():
        return "ready"
    until = dt.datetime.fromtimestamp(rests_until, dt.UTC).astimezone()
    return f"rests until {until:%d %b %H:%M} ({reason})"


def _asked(provider: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    answer: str = click.prompt(
        f"Key of {provider}", hide_input=True, default="", show_default=False
    )
    return answer
