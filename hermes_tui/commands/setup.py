"""`hermes setup`: from nothing to a model that answers."""

from __future__ import annotations

import os
import sys

import click

from hermes_core.errors import HermesError
from hermes_core.paths import Home
from hermes_core.providers.resolve import BY_HAND_HINT


@click.command()
@click.option("--non-interactive", is_flag=True, help="Ask nothing: say how it is done by hand.")
def command(non_interactive: bool) -> None:
    """Choose a provider, a key and a model, question by question.

    Ctrl+C leaves at any time; finished steps stay.
    """
    if non_interactive or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HermesError("Nobody can be asked here: setup needs a terminal.", hint=BY_HAND_HINT)
    # measured: the questions need ruamel.yaml and the clients of the providers
    from hermes_tui.setup.dialogue import TerminalDialogue
    from hermes_tui.setup.wizard import setup_wizard

    home = Home.find()
    dialogue = TerminalDialogue()
    dialogue.say(f"Setting up {home.root}. Ctrl+C leaves at any time; finished steps stay.")
    if setup_wizard(home, dialogue, os.environ).run():
        dialogue.say("Begin with: hermes")
