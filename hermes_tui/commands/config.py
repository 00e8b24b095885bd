"""`hermes config`: show, check and change settings."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import click

from hermes_core.config.keys import ANY, find, nearest
from hermes_core.config.loader import ConfigWarning, LoadedSettings, load_settings
from hermes_core.config.overview import effective, masked, origin_of, value_of, written
from hermes_core.config.secrets import is_secret_name
from hermes_core.errors import ConfigError
from hermes_core.paths import Home
from hermes_core.security.redaction import mask
from hermes_tui.command_line import offers

_EDITORS = ("nano", "vim", "vi", "code --wait")


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show and change settings; without a subcommand: show."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
def show(as_json: bool = False, origin: bool = False) -> None:
    """Print the settings in use, keys masked."""
    loaded = load_settings(Home.find())
    values = {key.path: value for key, value in effective(loaded)}
    if as_json:
        shown: Any = values
        if origin:
            shown = {
                path: {"value": value, "origin": origin_of(loaded, path)}
                for path, value in values.items()
            }
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False, default=list))
    else:
        for path, value in values.items():
            place = f"  [{origin_of(loaded, path)}]" if origin else ""
            click.echo(f"{path}: {written(value)}{place}")
    _warn(loaded.warnings)


@command.command()
@click.argument("key", shell_complete=offers.setting_keys)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--origin", is_flag=True, help="Say where the value comes from.")
def get(key: str, as_json: bool, origin: bool) -> None:
    """Print one value, keys masked."""
    loaded = load_settings(Home.find())
    if is_secret_name(key):
        _print_secret(loaded, key.upper(), as_json=as_json, origin=origin)
        return
    found = find(key)
    if found is None or ANY in key:
        close = nearest(tuple(key.split(".")))
        raise ConfigError(
            f"{key} is not a known key.", hint=f"Did you mean {close}?" if close else ""
        )
    value = masked(value_of(loaded, key), key)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, default=list))
    else:
        click.echo(written(value) + (f"  [{origin_of(loaded, key)}]" if origin else ""))


def _print_secret(loaded: LoadedSettings, name: str, *, as_json: bool, origin: bool) -> None:
    value = loaded.secrets.get(name)
    if value is None:
        raise ConfigError(f"{name} is not set.")
    shown = mask(value)
    place = f"  [{loaded.secrets.source(name)}]" if origin else ""
    click.echo(json.dumps(shown) if as_json else f"{shown}{place}")


@command.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=offers.setting_keys)
@click.argument("value", shell_complete=offers.setting_values)
def set_(key: str, value: str) -> None:
    """Set one key; API keys and tokens go to .env."""
    # measured: writing needs ruamel.yaml, reading does not
    from hermes_core.config.editor import ConfigEditor

    edit = ConfigEditor(Home.find()).set_text(key, value)
    shown = mask(value) if edit.kind == "secret" else value
    click.echo(f"{edit.key} = {masked(shown, edit.key)} in {edit.file}")
    note = edit.note or _look_note(Home.find(), key, value)
    if note:
        click.echo(f"Warning: {note}", err=True)


def _look_note(home: Home, key: str, value: str) -> str:
    """Say that no skin or theme has the name that was set; the file may still be to come."""
    if key not in ("display.skin", "tui.theme") or not value:
        return ""
    from hermes_tui.looks.wardrobe import Wardrobe  # measured: the toolkit, 0.3 s

    wardrobe = Wardrobe(is_light=False)
    wardrobe.look_in(home.root / "skins", home.root / "themes")
    if key == "display.skin":
        is_there, kind, names = bool(wardrobe.skin_named(value)), "skin", wardrobe.skins()
    else:
        names = wardrobe.themes()
        is_there, kind = value.strip().lower() in names, "theme"
    return "" if is_there else f"there is no {kind} {value} yet; there are: {', '.join(names)}"


@command.command()
@click.argument("key", shell_complete=offers.setting_keys)
def unset(key: str) -> None:
    """Take one key out of the file, so that its default counts."""
    # measured: writing needs ruamel.yaml, reading does not
    from hermes_core.config.editor import ConfigEditor

    edit = ConfigEditor(Home.find()).unset_value(key)
    click.echo(f"{edit.key} taken out of {edit.file}")


@command.command()
def edit() -> None:
    """Open the file in $EDITOR, then check it."""
    # measured: writing needs ruamel.yaml, reading does not
    from hermes_core.config.editor import ConfigEditor

    home = Home.find()
    ConfigEditor(home).refuse_if_managed()
    home.create()
    home.config_file.touch(mode=0o600)
    words = _editor(os.environ)
    status = subprocess.run([*words, str(home.config_file)], check=False).returncode
    if status != 0:
        raise click.ClickException(f"{words[0]} ended with status {status}.")
    _check(load_settings(home))


@command.command()
def path() -> None:
    """Print where config.yaml is."""
    click.echo(Home.find().config_file)


@command.command("env-path")
def env_path() -> None:
    """Print where .env is."""
    click.echo(Home.find().env_file)


@command.command()
def check() -> None:
    """Name every mistake in the files; fail if there is one."""
    _check(load_settings(Home.find()))


@command.command()
def migrate() -> None:
    """Bring an older file to this version: older spellings of keys are renamed."""
    # measured: writing needs ruamel.yaml, reading does not
    from hermes_core.config.editor import ConfigEditor
    from hermes_core.config.migration import migrated

    changes = migrated(ConfigEditor(Home.find()), load_settings(Home.find()).written)
    for line in changes:
        click.echo(line)
    if not changes:
        click.echo("Nothing to change.")


@command.command()
def schema() -> None:
    """Print the JSON Schema of config.yaml."""
    from hermes_core.config.schema import Settings  # measured: shares the import above

    click.echo(json.dumps(Settings.model_json_schema(by_alias=True), indent=2))


def _editor(environ: Mapping[str, str]) -> list[str]:
    for name in ("EDITOR", "VISUAL"):
        words = shlex.split(environ.get(name, ""))
        if words:
            return words
    for line in _EDITORS:
        words = line.split()
        if shutil.which(words[0]):
            return words
    raise click.ClickException("No editor found: set EDITOR.")


def _warn(warnings: tuple[ConfigWarning, ...]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)


def _check(loaded: LoadedSettings) -> None:
    mistakes = [warning for warning in loaded.warnings if warning.kind != "override"]
    for warning in loaded.warnings:
        click.echo(str(warning))
    if mistakes:
        raise click.ClickException(f"{len(mistakes)} to mend.")
    click.echo("The settings are in order.")
