"""Changed files take effect at once; broken ones change nothing and are told once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.watched_places import watched_folders
from tests.support import until

BASE = "model:\n  provider: demo\n"


@asynccontextmanager
async def watching(home: Home, config: str = BASE) -> AsyncIterator[HermesApp]:
    """The program on a real core whose files are watched."""
    home.config_file.write_text(config, "utf-8")

    async def connect() -> Workspace:
        host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
        return CoreWorkspace(host, host.resolve().runtime)

    app = HermesApp(connect, grace_s=0.0)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        await until(lambda: app.live_reload.is_watching)
        await pilot.pause()
        yield app
        await app.workspace.close()


async def seconds_until(condition: Callable[[], bool]) -> float:
    """Wait; return how long it took."""
    began = time.monotonic()
    await until(condition)
    return time.monotonic() - began


@pytest.mark.ac("live-settings")
async def test_a_changed_setting_is_in_force_within_half_a_second(home: Home) -> None:
    async with watching(home) as app:
        home.config_file.write_text(
            BASE
            + "display:\n  busy_input_mode: queue\ntui:\n  theme: paper\n"
            + "approvals:\n  mode: smart\nkeymap:\n  app.palette: f7\n",
            "utf-8",
        )
        took = await seconds_until(lambda: app.chosen.busy_mode == "queue")
        assert took < 3  # half a second on a machine with nothing else to do
        await until(lambda: app.theme == "hermes-paper")
        await until(lambda: app.chat.state.approval_mode == "smart")
        await until(lambda: app.keymap.changed == {"app.palette": "f7"})


@pytest.mark.ac("live-broken-file")
@pytest.mark.parametrize(
    ("broken", "said"),
    [("tui: [", "config.yaml:"), (BASE + "display:\n  busy_input_mode: 7\n", "config.yaml:4")],
    ids=["syntax", "value"],
)
async def test_a_broken_file_changes_nothing_and_is_told_once(
    home: Home, broken: str, said: str
) -> None:
    async with watching(home, BASE + "display:\n  busy_input_mode: queue\n") as app:
        told: list[str] = []
        app.tell_error = lambda text, *, hint="": told.append(text)  # type: ignore[method-assign]  # listens
        home.config_file.write_text(broken, "utf-8")
        await until(lambda: told != [])
        home.config_file.write_text(broken + "\n", "utf-8")
        await app.live_reload.files_changed({home.config_file.resolve()})
        assert len(told) == 1
        assert said in told[0]
        assert app.chosen.busy_mode == "queue"
        home.config_file.write_text(BASE + "display:\n  busy_input_mode: interrupt\n", "utf-8")
        await until(lambda: app.chosen.busy_mode == "interrupt")


@pytest.mark.ac("live-theme-file")
async def test_a_theme_file_is_worn_anew_and_a_broken_one_is_not(home: Home) -> None:
    folder = home.root / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("name: mine\nbackground: '#101018'\n", "utf-8")
    async with watching(home, BASE + "tui:\n  theme: mine\n") as app:
        assert app.appearance.palette().canvas.lower() == "#101018"
        before = app.get_css_variables()["h-canvas"]
        (folder / "mine.yaml").write_text("name: [", "utf-8")
        await until(lambda: "cannot be worn" in "".join(app.appearance.remarks))
        assert app.current_theme.variables["h-canvas"] == before
        (folder / "mine.yaml").write_text("name: mine\nbackground: '#181010'\n", "utf-8")
        await until(lambda: app.current_theme.variables["h-canvas"].lower() == "#181010")


async def test_a_skin_file_in_a_folder_that_is_new_is_noticed(home: Home) -> None:
    async with watching(home) as app:
        folder = (home.root / "skins").resolve()
        folder.mkdir(parents=True)
        await until(lambda: folder in watched_folders(home.root, [home.skills]))
        (folder / "own.yaml").write_text("name: own\nbranding:\n  prompt_symbol: '%'\n", "utf-8")
        home.config_file.write_text(BASE + "display:\n  skin: own\n", "utf-8")
        await until(lambda: app.appearance.skin == "own")


@pytest.mark.ac("live-skills")
async def test_a_skill_that_is_written_or_changed_is_listed(home: Home) -> None:
    async with watching(home) as app:
        place = home.skills / "coding" / "triage"
        place.mkdir(parents=True)
        # in a step of its own: the folder is new, and is watched once it was noticed
        await until(lambda: place in watched_folders(home.root, [home.skills]))
        (place / "SKILL.md").write_text("---\nname: triage\n---\n", "utf-8")
        await until(lambda: [skill.name for skill in app.skills] == ["triage"])
        text = "---\nname: triage\nrequired_environment_variables: [NO_KEY]\n---\n"
        (place / "SKILL.md").write_text(text, "utf-8")
        await until(lambda: app.skills and app.skills[0].state == "needs")


@pytest.mark.ac("live-skills")
async def test_a_skill_in_a_further_folder_is_listed_when_it_changes(home: Home) -> None:
    elsewhere = home.root.parent / "team" / "deploy"
    elsewhere.mkdir(parents=True)
    (elsewhere / "SKILL.md").write_text("---\nname: deploy\n---\n", "utf-8")
    async with watching(home) as app:
        home.config_file.write_text(
            BASE + f"skills:\n  external_dirs: [{elsewhere.parent}]\n", "utf-8"
        )
        await until(lambda: [skill.name for skill in app.skills] == ["deploy"])
        # the new folder is watched once the settings were noticed
        await until(lambda: elsewhere in app.live_reload.folders)
        (elsewhere / "SKILL.md").write_text("---\nname: ship\n---\n", "utf-8")
        await until(lambda: [skill.name for skill in app.skills] == ["ship"])


async def test_a_settings_file_behind_a_link_is_watched_where_it_lies(home: Home) -> None:
    elsewhere = home.root.parent / "dotfiles"
    elsewhere.mkdir()
    (elsewhere / "hermes.yaml").write_text(BASE, "utf-8")
    home.root.mkdir(parents=True, exist_ok=True)
    home.config_file.symlink_to(elsewhere / "hermes.yaml")
    async with watching(home) as app:
        (elsewhere / "hermes.yaml").write_text(BASE + "tui:\n  reduced_motion: true\n", "utf-8")
        await until(lambda: app.chosen.is_still)


async def test_watching_can_be_switched_off(home: Home) -> None:
    home.config_file.parent.mkdir(parents=True, exist_ok=True)
    home.config_file.write_text(BASE + "tui:\n  watch: false\n", "utf-8")

    async def connect() -> Workspace:
        host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
        return CoreWorkspace(host, host.resolve().runtime)

    app = HermesApp(connect)
    async with app.run_test():
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        assert not app.live_reload.is_watching
        await app.workspace.close()
