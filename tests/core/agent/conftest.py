"""Every test here also shows that nothing in a turn holds the loop up."""

from __future__ import annotations

import asyncio
import gc
import time
from asyncio import base_events
from collections.abc import Iterator

import pytest

MOST_S = 0.05
"""Processor seconds of one callback. Asyncio's own warning counts the wall's, in which
other programs of a busy machine take part."""


_OF_TESTS = ("coro=<test_", "coro=<play()")
"""Tasks that run a test's own code: what it checks may take its time."""


@pytest.fixture(autouse=True)
def quick_callbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a callback other than the test's own code worked for longer than `MOST_S`."""
    slow: list[str] = []
    run = asyncio.Handle._run  # the one place all callbacks pass

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        run(handle)
        took = time.thread_time() - begun
        if took > MOST_S:
            name = base_events._format_handle(handle)  # type: ignore[attr-defined]
            slow.append(f"{took:.3f} s: {name}")

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    gc.disable()  # a collection walks everything all tests have imported
    yield
    gc.enable()
    ours = [text for text in slow if not any(name in text for name in _OF_TESTS)]
    assert not ours, ours
