"""Log files and crash reports."""

from __future__ import annotations

import asyncio
import gzip
import logging
import stat
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from hermes_core.config.loader import load_settings
from hermes_core.crash import report
from hermes_core.log_lines import LineFilter, last_lines, new_lines, parse_age, parse_line
from hermes_core.logs import session_tag, start_logging, start_logging_as_set
from hermes_core.paths import Home

FAKE_KEY = "sk-proj-" + "a1B2c3D4e5" * 3


@pytest.fixture
def logs(home: Home) -> Iterator[Home]:
    stop = start_logging(home, max_size_mb=1, kept=2)
    yield home
    stop()


@pytest.mark.ac("log-redaction")
@pytest.mark.parametrize("logger", ["hermes_core.agent.turns.turn", "somebody.else", "root"])
def test_a_key_logged_by_any_module_is_masked_in_every_file(logs: Home, logger: str) -> None:
    try:
        raise ValueError(f"bad key {FAKE_KEY}")
    except ValueError:
        logging.getLogger(logger).exception("sent %s", FAKE_KEY)

    for name in ("agent.log", "errors.log"):
        text = (logs.logs / name).read_text()
        assert "bad key" in text
        assert FAKE_KEY not in text


@pytest.mark.ac("log-redaction")
def test_settings_choose_level_and_masking_and_known_values_are_masked(home: Home) -> None:
    home.config_file.write_text("logging: {level: warning}\n")
    home.env_file.write_text("X_TOKEN=correct horse battery\n")

    stop = start_logging_as_set(home, load_settings(home, environ={}))
    logging.getLogger("hermes_core.x").info("not kept")
    logging.getLogger("hermes_core.x").warning("saw correct horse battery and %s", FAKE_KEY)
    stop()
    home.config_file.write_text("security: {redact_secrets: false}\n")
    stop = start_logging_as_set(home, load_settings(home, environ={}), verbose=True)
    logging.getLogger("hermes_core.x").debug("plain %s", FAKE_KEY)
    stop()

    masked, plain = (home.logs / "agent.log").read_text().splitlines()
    assert "horse" not in masked
    assert FAKE_KEY not in masked
    assert plain.endswith(f"plain {FAKE_KEY}")


def test_a_line_carries_time_level_session_and_logger(logs: Home) -> None:
    token = session_tag.set("s-1")
    logging.getLogger("hermes_core.tools").info("did %d things", 2)
    session_tag.reset(token)
    logging.getLogger("hermes_core.tools").debug("too small")

    (line,) = (logs.logs / "agent.log").read_text().splitlines()
    found = parse_line(line)
    assert found is not None
    assert (found["level"], found["session"]) == ("INFO", "s-1")
    assert (found["logger"], found["message"]) == ("hermes_core.tools", "did 2 things")


def test_only_warnings_reach_the_error_log_and_libraries_only_warn(logs: Home) -> None:
    logging.getLogger("hermes_core.x").info("quiet")
    logging.getLogger("httpx").info("request")
    logging.getLogger("httpx").warning("odd")

    assert "request" not in (logs.logs / "agent.log").read_text()
    (line,) = (logs.logs / "errors.log").read_text().splitlines()
    assert "httpx: odd" in line


def test_files_are_private_turn_over_and_old_ones_are_compressed(logs: Home) -> None:
    logger = logging.getLogger("hermes_core.x")
    logging.getLogger("hermes_core.x").info("first")
    for _ in range(5):
        logger.info("%s", "x " * 250_000)

    names = sorted(file.name for file in logs.logs.glob("agent*"))
    assert names == ["agent.log", "agent.log.1.gz", "agent.log.2.gz"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in logs.logs.glob("agent*"))
    with gzip.open(logs.logs / "agent.log.1.gz", "rt") as file:
        assert "hermes_core.x" in file.readline()


LINES = """\
2026-01-01 10:00:00,000 INFO [aa] hermes_core.agent.turns.turn: one
2026-01-01 11:00:00,000 ERROR [bb] hermes_core.tools.x: two
Traceback of two
2026-01-01 12:00:00,000 DEBUG hermes_tui.app: three
"""


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (LineFilter(), 4),
        (LineFilter(level="INFO"), 3),
        (LineFilter(level="ERROR"), 2),
        (LineFilter(session="aa"), 1),
        (LineFilter(component="tools"), 1),
        (LineFilter(since=datetime(2026, 1, 1, 11)), 3),  # noqa: DTZ001  log lines have no zone
        (LineFilter(level="ERROR", component="cli"), 0),
    ],
)
def test_filters_combine(home: Home, wanted: LineFilter, seen: int) -> None:
    file = home.root / "x.log"
    file.write_text(LINES)

    assert len(last_lines(file, 50, wanted)[0]) == seen
    assert len(last_lines(file, 1, wanted)[0]) == min(1, seen)


@pytest.mark.parametrize("text", ["", "5", "m", "5w", "-1h", "1.5h"])
def test_an_age_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no age"):
        parse_age(text)


async def test_following_yields_new_lines_and_starts_over_in_a_new_file(home: Home) -> None:
    file = home.root / "x.log"
    file.write_text(LINES)
    found, position = last_lines(file, 1, LineFilter())
    lines = new_lines(file, position, LineFilter(level="ERROR"))
    waiting = asyncio.ensure_future(anext(lines))

    with file.open("a") as log:
        log.write("2026-01-01 13:00:00,000 INFO x: no\n2026-01-01 13:00:00,000 ERROR x: yes\n")
    assert (await asyncio.wait_for(waiting, 60)).endswith("yes")
    file.unlink()
    file.write_text("2026-01-01 14:00:00,000 ERROR x: new\n")
    assert (await asyncio.wait_for(anext(lines), 60)).endswith("new")
    await lines.aclose()
    assert len(found) == 1


@pytest.mark.ac("crash-report")
def test_a_crash_leaves_a_masked_report_and_one_line(home: Home) -> None:
    try:
        raise RuntimeError(f"lost {FAKE_KEY}")
    except RuntimeError:
        kind, error, trace = sys.exc_info()
    assert kind is not None
    assert error is not None

    shown = report(kind, error, trace, home=home)

    (file,) = home.logs.glob("crash-*.txt")
    assert str(file) in shown
    assert "test_logs.py" in file.read_text()
    assert FAKE_KEY not in file.read_text() + shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_crash_that_cannot_be_kept_is_shown_whole(home: Home) -> None:
    blocked = Home(home.root / "file" / "home")
    (home.root / "file").write_text("")

    shown = report(ValueError, ValueError("gone"), None, home=blocked)

    assert "ValueError: gone" in shown
    assert "could not be kept" in shown
