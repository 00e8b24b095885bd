"""`hermes model`: see and choose what answers new conversations."""

from __future__ import annotations

import os
import sys

import click

from hermes_core.config.loader import load_settings
from hermes_core.errors import HermesError
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.resolve import resolve
from hermes_tui.command_line import offers
from hermes_tui.command_line.health import model_described


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Choose provider and model of new conversations; leaving changes nothing."""
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HermesError(
            "Nobody can be asked here: choosing needs a terminal.",
            hint="Without one: hermes model set PROVIDER MODEL",
        )
    # measured: the questions need ruamel.yaml and the clients of the providers
    from hermes_tui.setup.dialogue import TerminalDialogue
    from hermes_tui.setup.wizard import model_wizard

    home = Home.find()
    now = model_described(home, load_settings(home))
    click.echo(f"Now: {now or 'no model configured'}")
    model_wizard(home, TerminalDialogue(), os.environ).run()


@command.command("set")
@click.argument("provider", shell_complete=offers.providers)
@click.argument("model")
@click.option("--base-url", default="", help="Address, with the provider custom.")
def set_(provider: str, model: str, base_url: str) -> None:
    """Write provider and model, ask nobody anything.

    The key comes from the provider's variable: hermes config set NAME_API_KEY …
    """
    if base_url and provider != "custom":
        raise click.UsageError("--base-url goes with the provider custom.")
    # measured: writing needs ruamel.yaml
    from hermes_core.config.editor import ConfigEditor
    from hermes_tui.setup.choice import Choice, save_model

    home = Home.find()
    choice = Choice(provider=provider, label=provider, base_url=base_url)
    wanted = load_settings(home, overrides=choice.wanted_settings)
    stored = open_pools(home, wanted)
    resolve(wanted.settings, wanted.secrets, provider=provider, model=model, stored=stored)
    edit = save_model(ConfigEditor(home), load_settings(home), choice, model)
    click.echo(f"{model} of {provider} is saved in {edit.file}.")
    for warning in load_settings(home).warnings:
        if warning.kind == "override" and warning.key.startswith("model."):
            click.echo(f"Warning: {warning}", err=True)
