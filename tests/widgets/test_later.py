"""What is to be done later is done, however late the machine is."""

from __future__ import annotations

import time

from textual.app import App

from hermes_widgets.later import later
from tests.support import until


async def test_what_is_long_due_is_still_done_in_its_turn() -> None:
    done: list[str] = []
    async with App[None]().run_test() as pilot:
        app = pilot.app
        later(app, 0.001, lambda: done.append("sync"))

        async def call() -> None:
            done.append("async")

        later(app, 0.002, call)
        time.sleep(0.05)  # noqa: ASYNC251  the machine does something else meanwhile
        await until(lambda: done == ["sync", "async"])


async def test_what_was_called_off_is_not_done() -> None:
    done: list[str] = []
    async with App[None]().run_test() as pilot:
        handle = later(pilot.app, 0.001, lambda: done.append("first"))
        handle.cancel()
        later(pilot.app, 0.002, lambda: done.append("second"))
        await until(lambda: done == ["second"])
