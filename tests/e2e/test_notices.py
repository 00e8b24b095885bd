"""The bytes a real terminal gets while the person looks at another window."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Machine
from tests.support import until

pytestmark = pytest.mark.timeout(120)

FOCUS_OUT = "\x1b[O"


@pytest.mark.ac("notice-when")
async def test_an_approval_that_nobody_sees_is_told_to_the_desktop(machine: Machine) -> None:
    machine.extra["ITERM_SESSION_ID"] = "w0t0p0"
    async with machine.screen() as screen:
        await screen.until("● ready")
        screen.type("run rm -rf build")
        screen.press("enter")
        screen.type(FOCUS_OUT)
        await until(lambda: b"needs your decision\x07" in screen.raw, timeout_s=20)
        assert b"\x1b]9;hermes: " in screen.raw
        assert b"\x1b]0;? " in screen.raw
