"""The process behind one browser tab: `python -m hermes_tui.web.tab --owner SOCKET`.

Started by the server alone. It draws and asks; the server's process runs the
conversations, so that one goes on when its tab is closed or reloaded.
"""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import OpenedAt
from hermes_tui.launch import OpenCore, TabPlace, run_app
from hermes_tui.options import RunOptions
from hermes_tui.web.tab_driver import TabDriver

_OWN = ("TEXTUAL_COLOR_SYSTEM", "COLUMNS", "ROWS", "TERM_PROGRAM_VERSION")
"""Set for this process; commands of the agent are not to see them."""


@click.command()
@click.option("--owner", required=True)
@click.option("--client", default="browser")
@click.option("--resume", default=None)
def command(owner: str, client: str, resume: str | None) -> int:
    """Draw the screen for a browser."""
    size = int(os.environ["COLUMNS"]), int(os.environ["ROWS"])
    place = TabPlace(driver=TabDriver, size=size)
    for name in _OWN:
        os.environ.pop(name, None)

    def load_core() -> OpenCore:
        # measured: 0.3 s, more than the first paint
        from hermes_tui.core_link.core_start import open_core

        return partial(open_core, opened_at=OpenedAt(socket=owner, client=client))

    return run_app(RunOptions(resume=resume, source="web"), load_core=load_core, tab=place)


def main() -> int:
    """Run until the tab is closed."""
    try:
        code = command.main(standalone_mode=False)
    except HermesError as error:
        click.echo(f"{error} {error.hint}".strip(), err=True)
        return 1
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
