"""The program in daily use, for as long as asked: does it hold, and does its memory?

    python benchmarks/workspace_soak.py [--minutes 30] [--seed N]

One owner runs in a tmux of its own against the scripted model. Round after round it is
typed and pasted into, answers stream, tools run, approvals are given and denied, the window
changes its size, tabs are opened and closed, skins are switched, and a second screen attaches
in another window, speaks and leaves. At the end the transcript on the screen is compared
with the store: every message said must stand there once and in order. Private memory is
read after each round; after the first five minutes (a third of a shorter run) it must not
grow by more than a tenth and 8 MB. Exits 1 when something does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from benchmarks.ground import Ground, ground, model_server, tell_server
from hermes_core.events import MessageFinished, TurnFinished
from hermes_core.storage.store import Store

WARM_S = 300.0
GROWTH = 1.1
SLACK_MB = 8.0
LIMIT_S = 60.0
"""Longest wait for one thing on the screen."""
SIZES = ((120, 40), (80, 24), (200, 50), (60, 16), (100, 30))
SKINS = ("ares", "mono", "default")
READY = "● ready"
WORDS = ("one", "two", "**three**", "`four`")


class Broken(Exception):
    """Something did not hold."""


@dataclass
class Tmux:
    """A tmux server of our own with one window a screen."""

    place: Ground
    name: str = field(default_factory=lambda: f"hermes-soak-{secrets.token_hex(4)}")

    def tell(self, *words: str) -> str:
        """Run a tmux command and return what it prints."""
        done = subprocess.run(
            ["tmux", "-u", "-L", self.name, *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Broken(f"tmux {words}: {done.stderr.strip()}")
        return done.stdout

    def start(self) -> None:
        """Start the owner's screen."""
        self.tell("-f", "/dev/null", "new-session", "-d", "-s", "owner", "-x", "120", "-y", "40",
                  self.command())  # fmt: skip

    def command(self, *words: str) -> str:
        """The shell line that runs the program."""
        names = {**self.place.environ, "COLORTERM": "truecolor"}
        setting = " ".join(f"{name}={shlex.quote(value)}" for name, value in names.items())
        program = shlex.join([sys.executable, "-m", "hermes_tui", *words])
        return f"cd {shlex.quote(str(self.place.work))} && exec env {setting} {program}"

    def pid(self, target: str) -> int:
        """Process id of a screen."""
        return int(self.tell("display-message", "-p", "-t", target, "#{pane_pid}"))

    def text(self, target: str) -> str:
        """What a screen shows."""
        return self.tell("capture-pane", "-p", "-t", target)

    def type(self, text: str, target: str = "owner") -> None:
        """Type a text."""
        self.tell("send-keys", "-t", target, "-l", text)

    def press(self, *keys: str, target: str = "owner") -> None:
        """Press keys by tmux's names."""
        for key in keys:
            self.tell("send-keys", "-t", target, key)

    def until(
        self, seen: str | Callable[[str], bool], target: str = "owner", limit_s: float = LIMIT_S
    ) -> str:
        """Wait until a screen shows something.

        Raises:
            Broken: It never did.
        """
        is_seen = (lambda text: seen in text) if isinstance(seen, str) else seen
        end = time.monotonic() + limit_s
        while True:
            text = self.text(target)
            if is_seen(text):
                return text
            if time.monotonic() > end:
                raise Broken(f"never shown: {seen}\n{text}")
            time.sleep(0.05)

    def drawn(self, target: str = "owner", *, unlike: str = "") -> str:
        """What a screen shows once it has come to rest.

        Args:
            unlike: Wait up to five seconds for something else than this. A busy program may
                be that slow, and a second key would then leave out what it shows between.
        """
        end = time.monotonic() + 5.0
        text = self.text(target)
        while text == unlike and time.monotonic() < end:
            time.sleep(0.03)
            text = self.text(target)
        before, end = "", time.monotonic() + 5.0
        while text != before and time.monotonic() < end:
            time.sleep(0.06)
            before, text = text, self.text(target)
        return text


class Soak:
    """The session.

    Args:
        tmux: Where it runs.
        base_url: Of the scripted model.
        seed: Decides what is done.
    """

    def __init__(self, tmux: Tmux, base_url: str, seed: int) -> None:
        self._tmux = tmux
        self._base_url = base_url
        self._chance = random.Random(seed)
        self._number = 0
        self.said: list[str] = []
        """Marks of what was said, in order; a word each."""

    def _mark(self) -> str:
        self._number += 1
        return f"mark{self._number:05}x"

    def _model(self, *steps: dict[str, object]) -> None:
        tell_server(self._base_url, "add", {"steps": list(steps)})

    def _send(self, text: str, target: str = "owner", *, paste: bool = False) -> None:
        tmux = self._tmux
        if paste:
            tmux.tell("set-buffer", text)
            tmux.tell("paste-buffer", "-p", "-t", target)
        else:
            tmux.type(text, target)
        time.sleep(0.3)
        tmux.press("Enter", target=target)

    def _answered(self, mark: str, target: str = "owner") -> None:
        self._tmux.until(lambda text: mark in text and READY in text, target)

    def stream(self) -> None:
        """A message and an answer of some length."""
        asked, answer = self._mark(), self._mark()
        words = [f"{word} " for word in self._chance.choices(WORDS, k=120)]
        end = f"\n\n- a\n- b\n\nend of it {answer}"
        self._model({"text": [*words, end], "interval_s": 0.005})
        self._send(f"tell me {asked}")
        self._answered(answer)
        self.said += [asked, answer]

    def paste(self) -> None:
        """A pasted text of many lines."""
        asked, answer = self._mark(), self._mark()
        lines = "\n".join(f"line {number} of the paste" for number in range(12))
        self._model({"text": f"read it {answer}"})
        self._send(f"{asked}\n{lines}", paste=True)
        self._answered(answer)
        self.said += [asked, answer]

    def tool(self) -> None:
        """A command that needs no yes."""
        asked, answer = self._mark(), self._mark()
        self._model(_call("ls -la && seq 1 60"), {"text": f"listed {answer}"})
        self._send(f"list {asked}")
        self._answered(answer)
        self.said += [asked, answer]

    def approval(self) -> None:
        """A command that needs one, given or denied."""
        asked, answer = self._mark(), self._mark()
        self._model(_call("rm -rf junk"), {"text": f"asked and done {answer}"})
        self._send(f"clean {asked}")
        self._tmux.until("Run this command?")
        key = self._chance.choice(("o", "d"))
        end = time.monotonic() + LIMIT_S
        while "Run this command?" in self._tmux.text("owner"):
            self._tmux.press(key)
            time.sleep(0.5)
            if time.monotonic() > end:
                raise Broken("the request stays open")
        self._answered(answer)
        self._tmux.press("C-u")
        self.said += [asked, answer]

    def resize(self) -> None:
        """The window gets other sizes while an answer comes."""
        asked, answer = self._mark(), self._mark()
        self._model({"text": ["some words "] * 60 + [answer], "interval_s": 0.02})
        self._send(f"resize {asked}")
        for columns, rows in self._chance.sample(SIZES, 3):
            self._resize(columns, rows)
            time.sleep(0.3)
        self._resize(*SIZES[0])
        self._answered(answer)
        self.said += [asked, answer]

    def _resize(self, columns: int, rows: int) -> None:
        self._tmux.tell("resize-window", "-t", "owner", "-x", str(columns), "-y", str(rows))

    def tabs(self) -> None:
        """A second conversation beside the first, and back."""
        self._tmux.press("C-n")
        self._tmux.until(lambda text: "Type a message" in text)
        self._tmux.press("C-PageUp")
        self._tmux.until(self.said[-1])
        self._tmux.press("C-PageDown")
        self._tmux.until(lambda text: "Type a message" in text)
        self._tmux.press("C-F4")
        self._tmux.until(self.said[-1])

    def skin(self) -> None:
        """Another persona."""
        self._send(f"/skin {self._chance.choice(SKINS)} ")
        self._tmux.until(lambda text: "❯ /skin" not in text)

    def attach(self) -> None:
        """A second screen joins, speaks, and leaves."""
        tmux, asked, answer = self._tmux, self._mark(), self._mark()
        tmux.tell("new-session", "-d", "-s", "guest", "-x", "100", "-y", "30",
                  tmux.command("attach"))  # fmt: skip
        tmux.until(READY, "guest")
        self._model({"text": f"heard you {answer}"})
        self._send(f"from the guest {asked}", "guest")
        self._answered(answer, "guest")
        self._answered(answer)
        tmux.press("C-d", target="guest")
        end = time.monotonic() + LIMIT_S
        while "guest" in tmux.tell("list-sessions"):
            time.sleep(0.1)
            if time.monotonic() > end:
                raise Broken(f"the guest does not leave\n{tmux.text('guest')}")
        self.said += [asked, answer]

    def round(self) -> None:
        """Everything once, in an order of chance."""
        if not self.said:
            self.stream()  # there must be a conversation to join
        acts = [self.stream, self.paste, self.tool, self.approval, self.resize, self.tabs,
                self.skin, self.attach]  # fmt: skip
        self._chance.shuffle(acts)
        for act in acts:
            try:
                act()
            except Broken as broken:
                raise Broken(f"{act.__name__}: {broken}") from broken


def _call(command: str) -> dict[str, object]:
    return {"calls": [{"name": "terminal", "arguments": {"command": command}}]}


def shown_marks(text: str) -> list[str]:
    """The marks of the messages on a screen, from the top down.

    The row of tabs is left out, whose titles are first words of messages, and so is the
    question repeated above the rest of its turn.
    """
    rows = text.split("\n")[1:]
    if rows and "↑" in rows[0]:
        del rows[0]
    return re.findall(r"mark\d{5}x", "\n".join(rows))


def on_screen(tmux: Tmux, last: str) -> list[str]:
    """The marks of the whole transcript, read by scrolling from the end to the top."""
    found: list[str] = []
    tmux.press("C-End")
    tmux.until(lambda text: last in shown_marks(text))
    text, still = tmux.drawn(), 0
    while still < 3:  # older messages are loaded on the way
        found += [mark for mark in reversed(shown_marks(text)) if mark not in found]
        before = text
        tmux.press("PageUp")
        text = tmux.drawn(unlike=before)
        still = still + 1 if text == before else 0
    return found[::-1]


async def in_store(place: Ground) -> list[str]:
    """The marks of every message, as they are stored, in order; turns must all be closed."""
    store = await Store.open(place.home)
    try:
        found: list[str] = []
        for summary in await store.list_sessions(limit=1_000):
            events = await store.events(summary.id)
            ended = [event for event in events if isinstance(event, TurnFinished)]
            if any(event.outcome != "completed" for event in ended):
                raise Broken(f"a turn of {summary.id} was not completed")
            for event in events:
                if isinstance(event, MessageFinished) and event.role in ("user", "assistant"):
                    found += re.findall(r"mark\d{5}x", event.text)
        return found
    finally:
        await store.aclose()


def check_memory(readings: list[tuple[float, float]], minutes: float) -> None:
    """Memory is flat after the warm-up.

    Raises:
        Broken: It grew.
    """
    warm = min(WARM_S, minutes * 60 / 3)
    later = [mb for seconds, mb in readings if seconds >= warm]
    for seconds, mb in readings:
        print(f"  {seconds / 60:5.1f} min  {mb:6.1f} MB")
    if len(later) < 2:
        print("memory: too short a run to judge")
        return
    first, last = later[0], later[-1]
    print(f"memory after {warm / 60:.1f} min: {first:.1f} MB, at the end {last:.1f} MB")
    if last > first * GROWTH + SLACK_MB:
        raise Broken(f"memory grew from {first:.1f} to {last:.1f} MB")


def run(minutes: float, seed: int) -> None:
    """Play rounds until the time is over, then compare.

    Raises:
        Broken: Something did not hold.
    """
    with ground() as place, model_server([]) as base_url:
        place.configure(
            {
                "model": {
                    "provider": "custom",
                    "base_url": base_url,
                    "default": "scripted-model",
                    "context_length": 20_000_000,
                    "api_key": "sk-bench",
                },
                "auxiliary": {"title_generation": {"enabled": False}},  # a request of its own
                "checkpoints": {"enabled": False},
            }
        )
        tmux = Tmux(place)
        tmux.start()
        try:
            tmux.until(READY)
            program = psutil.Process(tmux.pid("owner"))
            soak = Soak(tmux, base_url, seed)
            began, rounds = time.monotonic(), 0
            readings: list[tuple[float, float]] = []
            while not rounds or time.monotonic() - began < minutes * 60:
                soak.round()
                rounds += 1
                memory = program.memory_full_info().uss / 1e6
                readings.append((time.monotonic() - began, memory))
                print(f"round {rounds}: {len(soak.said)} messages, {memory:.1f} MB", flush=True)
            shown = on_screen(tmux, soak.said[-1])
            tmux.press("C-d")
            stored = asyncio.run(in_store(place))
        finally:
            subprocess.run(["tmux", "-L", tmux.name, "kill-server"], check=False)
        _same("the store", soak.said, stored)
        _same("the screen", soak.said, shown)
        print(f"{rounds} rounds, {len(soak.said)} messages: screen and store hold them in order")
        check_memory(readings, minutes)


def _same(where: str, said: list[str], found: list[str]) -> None:
    if found != said:
        at = next(
            (at for at, pair in enumerate(zip(said, found, strict=False)) if pair[0] != pair[1]), 0
        )
        raise Broken(
            f"{where} differs: {len(found)} of {len(said)}, from {at}:"
            f" {found[at : at + 6]} for {said[at : at + 6]}"
        )


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    try:
        run(asked.minutes, asked.seed)
    except Broken as broken:
        print(f"BROKEN: {broken}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
