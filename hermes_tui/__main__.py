"""Entry point of `hermes` and `python -m hermes_tui`."""

from __future__ import annotations

import sys
from types import TracebackType

from hermes_tui.command_line.cli import run
from hermes_tui.command_line.streams import prepare_streams


def main() -> None:
    """Run the program and leave with its exit code."""
    sys.excepthook = report_crash
    prepare_streams()
    sys.exit(run(sys.argv[1:]))


def report_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Keep a report of an error nobody expected, and name it in one line."""
    from hermes_core.crash import report  # measured: only a crash needs it

    sys.stderr.write(report(kind, error, trace) + "\n")


if __name__ == "__main__":
    main()
