"""`hermes logout`: forget the logins at a provider."""

from __future__ import annotations

import click

from hermes_core.config.loader import load_settings
from hermes_core.errors import ConfigError
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.records import find_record


@click.command()
@click.option("--provider", default="", help="Where; may be left out if there is one login.")
def command(provider: str) -> None:
    """Forget the logins at a provider; its keys stay."""
    home = Home.find()
    loaded = load_settings(home)
    pools = open_pools(home, loaded)
    pool = _meant(provider, pools)
    for entry in _logins(pools, pool):
        pools.remove(pool, entry)
    click.echo(f"Logged out of {pool.removeprefix('custom:')}.")
    chosen = loaded.written.get("model")
    name = chosen.get("provider") if isinstance(chosen, dict) else None
    if name and find_record(str(name)) is find_record(pool) is not None and not pools.keys(pool):
        # measured: writing needs ruamel.yaml
        from hermes_core.config.editor import ConfigEditor

        ConfigEditor(home).set_value("model.provider", "auto")
        click.echo("New conversations ask whoever else is set up.")


def _meant(provider: str, pools: KeyPools) -> str:
    """The pool of a provider that somebody is logged in to.

    Raises:
        ConfigError: There is none, or more than one and none was named.
    """
    found = [name for name in pools.providers() if _logins(pools, name)]
    record = find_record(provider)
    wanted = {provider, f"custom:{provider}", record.id if record is not None else provider}
    if provider:
        found = [name for name in found if name in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(
            f"You are logged in at {', '.join(found)}.", hint="Name one: --provider NAME"
        )
    raise ConfigError(f"Nobody is logged in{f' at {provider}' if provider else ''}.")


def _logins(pools: KeyPools, pool: str) -> list[str]:
    return [entry.id for entry in pools.entries(pool) if entry.is_login]
