"""The guided tour: a few real calls, each chosen by what the ones before brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from hermes_core.providers.demo.answers import SETUP, fenced, names_in
from hermes_core.providers.demo.conversation import Done

Call: TypeAlias = tuple[str, dict[str, Any]]

_LINES = "This file was written by the tour.\nIts second line says hello.\n"


def tour_step(done: Sequence[Done], *, offered: Callable[[str], bool]) -> tuple[str, Call | None]:
    """Return the text and call of the next station; no call ends the tour.

    Args:
        done: The calls of this tour so far.
        offered: Whether a tool is there.
    """
    needed = ("terminal", "write_file", "read_file")
    missing = [name for name in needed if not offered(name)]
    if missing:
        return f"The tour needs the tools {', '.join(missing)}, which this session lacks.", None
    if done and done[-1].problem and len(done) != 5:
        return f"The tour ends here, since a step failed: {done[-1].problem}", None
    match len(done):
        case 0:
            text = "Welcome. Each station is a real tool call. First I look at this folder."
            return text, ("terminal", {"command": "ls -1Ap"})
        case 1:
            names = names_in(done[0])
            found = "1 entry" if len(names) == 1 else f"{len(names) or 'no'} entries"
            verb = "is" if len(names) == 1 else "are"
            text = f"There {verb} {found} here. Now I write a small file."
            path = f"{_free_name(names)}/hello.txt"
            return text, ("write_file", {"path": path, "content": _LINES})
        case 2:
            return "It is written. Now I read it back.", (
                "read_file",
                {"path": str(done[1].arguments.get("path"))},
            )
        case 3:
            path = str(done[1].arguments.get("path"))
            text = "Reading shows line numbers. Next, a command whose output appears live."
            return text, ("terminal", {"command": f"wc -l {path}"})
        case 4:
            output = str(done[3].get("output") or "")
            folder = str(done[1].arguments.get("path")).rpartition("/")[0]
            text = (
                f"The command printed:\n\n{fenced(output)}\n\nLast, I clean up. Deleting a folder "
                "is risky, so you may be asked: approve or deny, both are fine."
            )
            return text, ("terminal", {"command": f"rm -r {folder}"})
        case _:
            return _farewell(done), None


def _free_name(names: Sequence[str]) -> str:
    taken = {name.rstrip("/") for name in names}
    candidates = ("hermes-tour", *(f"hermes-tour-{number}" for number in range(2, 1000)))
    return next(name for name in candidates if name not in taken)


def _farewell(done: Sequence[Done]) -> str:
    last, folder = done[4], str(done[1].arguments.get("path")).rpartition("/")[0]
    if last.was_refused:
        outcome = f"It was not allowed, so `{folder}` is still there."
    elif last.get("exit_code") == 0:
        outcome = f"`{folder}` is gone again."
    else:
        outcome = f"`{folder}` could not be deleted: {last.problem or last.get('output')}"
    return (
        f"{outcome}\n\nThat was the tour: files, commands, live output and approvals. "
        "Now try `list files`, `search for hello` or `run date` yourself, "
        f"and set up a real model with {SETUP}."
    )
