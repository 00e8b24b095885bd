"""`hermes completion`: scripts for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), default="bash")
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: hermes completion bash >> ~/.bashrc
    zsh:  hermes completion zsh >> ~/.zshrc
    fish: hermes completion fish > ~/.config/fish/completions/hermes.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"click has no completion for {shell}")
    script = kind(context.find_root().command, {}, "hermes", "_HERMES_COMPLETE")
    click.echo(script.source_template % script.source_vars())
