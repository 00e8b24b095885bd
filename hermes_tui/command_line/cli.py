"""The command line: global options, commands, exit codes.

0 done, 1 failed, 2 wrong usage, 3 no model configured, 4 try again later, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from hermes_tui._version import VERSION
from hermes_tui.command_line import offers
from hermes_tui.command_line.arguments import joined, take_profile
from hermes_tui.command_line.lazy_group import LazyGroup
from hermes_tui.command_line.streams import output_problem, silence_output
from hermes_tui.commands import COMMANDS, SERVE_TARGETS

FAILED, USAGE, NO_MODEL, RETRY, INTERRUPTED = 1, 2, 3, 4, 130


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command, the full screen starts.",
)
@click.version_option(
    VERSION, "-V", "--version", prog_name="hermes", message="%(prog)s %(version)s"
)
@click.option(
    "-p", "--profile", metavar="NAME", help="Use another profile.", shell_complete=offers.profiles
)
@click.option("-r", "--resume", metavar="ID|TITLE", help="Go on with a conversation.")
@click.option("-c", "--continue", "continue_", metavar="[NAME]", help="Go on with the newest.")
@click.option("-s", "--skills", metavar="NAME", multiple=True, help="Load skills.")
@click.option("-q", "--query", metavar="TEXT", help="The same as: chat -q TEXT.")
@click.option("--yolo", is_flag=True, help="Never ask before a dangerous command.")
@click.option("--plain", is_flag=True, help="Plain lines in place of the screen.")
@click.option(
    "--serve",
    metavar="[TARGETS]",
    help=f"No screen: serve {', '.join(SERVE_TARGETS)}.",
    shell_complete=offers.words(SERVE_TARGETS),
)
@click.pass_context
def program(context: click.Context, /, **asked: Any) -> None:
    """The terminal workspace of a self-improving agent."""
    _choose_home(asked["profile"])
    serve = _targets(asked.pop("serve"))
    asked["skills"] = tuple(
        dict.fromkeys(name for piece in asked["skills"] for name in piece.split(",") if name)
    )
    context.obj = asked
    if context.invoked_subcommand is not None:
        if serve is not None:
            raise click.UsageError("--serve goes without a command.")
        return
    from hermes_tui.command_line.chat_command import start  # measured: --version loads click alone
    from hermes_tui.options import RunOptions  # measured: as above

    context.exit(start(RunOptions(**asked, serve=serve)))


def _targets(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    targets = tuple(dict.fromkeys(name for name in text.split(",") if name)) or SERVE_TARGETS
    for name in targets:
        if name not in SERVE_TARGETS:
            known = ", ".join(SERVE_TARGETS)
            raise click.UsageError(f"--serve does not know {name!r}; it knows: {known}.")
    return targets


def _choose_home(profile: str | None) -> None:
    from hermes_core.paths import Home  # measured: --version loads click alone
    from hermes_tui.command_line.profile import profile_home  # measured: as above

    found = Home.find()
    home, warning = profile_home(profile, found)
    if warning:
        click.echo(f"Warning: {warning}", err=True)
    if home.root != found.root:
        os.environ["HERMES_HOME"] = str(home.root)


def _hermes_error() -> type[Exception]:
    from hermes_core.errors import HermesError  # measured: --version loads click alone

    return HermesError


def run(arguments: Sequence[str], *, platform: str = sys.platform) -> int:
    """Run the program and return its exit code; messages go to the error stream.

    Args:
        arguments: Without the program's name.
        platform: As `sys.platform` names it.
    """
    if platform == "win32":
        return _fail("Windows itself is not supported: run hermes inside WSL2.")
    profile, rest = take_profile(arguments)
    words = joined(rest, commands=COMMANDS)
    if profile is not None:
        words = ["--profile", profile, *words]
    code = _with_exit_code(lambda: program.main(words, prog_name="hermes", standalone_mode=False))
    problem = output_problem()
    if problem is None:
        return code
    return _fail(f"standard output: {problem.strerror or problem}")


def _with_exit_code(call: Callable[[], Any]) -> int:
    stdout = sys.stdout
    try:
        result = call()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit:
        if sys.stdout is not stdout:
            return 0  # the reader left while a command was printing: click has silenced stdout
        raise
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        silence_output()  # the reader left
        return 0
    except OSError as error:
        return _fail_from_system(error)
    except _hermes_error() as error:
        return _fail(str(error), hint=getattr(error, "hint", ""), code=_code_of(error))
    return result if isinstance(result, int) else 0


def _fail_from_system(error: OSError) -> int:
    """Say what the system refused, and where."""
    reason = error.strerror or str(error)
    if error.filename:
        refused = isinstance(error, PermissionError) or error.errno == errno.EROFS
        hint = "HERMES_HOME may name another folder for what the program keeps." if refused else ""
        return _fail(f"{error.filename}: {reason}", hint=hint)
    if output_problem() is not None:
        return _fail(f"standard output: {reason}")
    if _is_nowhere():
        return _fail("The folder you are in is gone.", hint="Change to another one: cd ~")
    return _fail(f"the system: {reason}")


def _is_nowhere() -> bool:
    """Whether the working folder was removed under us."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _code_of(error: Exception) -> int:
    from hermes_core.errors import NoModelConfigured, ProviderError  # measured: as above

    if isinstance(error, NoModelConfigured):
        return NO_MODEL
    return RETRY if isinstance(error, ProviderError) and error.retryable else FAILED


def _fail(message: str, *, hint: str = "", code: int = FAILED) -> int:
    click.echo(f"Error: {message}", err=True)
    if hint:
        click.echo(hint, err=True)
    return code
