"""Every state of the screen as it was judged, dark, and light where that was judged too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.paths import Home
from hermes_tui.setup.desk import SetupDesk
from tests.pictures.conversation_scenes import CONVERSATION
from tests.pictures.core_scenes import CORE, CoreScene, fill_home, fill_store, open_scene
from tests.pictures.gallery import Gallery, Scene, launch_of, on_core, on_stage


def picture_name(scene: Scene | CoreScene, size: tuple[int, int], theme: str = "lamplight") -> str:
    """Where a picture lies below `snapshots/`."""
    mode = "" if theme == "lamplight" else f"-{theme}"
    return f"states/{scene.name}-{size[0]}x{size[1]}{mode}"


PLACES = [
    pytest.param(scene, size, theme, id=picture_name(scene, size, theme).removeprefix("states/"))
    for scene in CONVERSATION
    for size in scene.sizes
    for theme in scene.themes
    if theme == "lamplight" or size == scene.sizes[-1]
]


@pytest.mark.ac("pictures")
@pytest.mark.parametrize(("scene", "size", "theme"), PLACES)
async def test_a_state_of_the_conversation_looks_as_it_was_judged(
    scene: Scene, size: tuple[int, int], theme: str, home: Home, gallery: Gallery
) -> None:
    async with on_stage(home, size=size, launch=launch_of(theme)) as stage:
        await scene.play(stage)
        words = scene.words if size[0] >= 80 else scene.words[:1]
        await gallery.compare(stage, picture_name(scene, size, theme), words)


@pytest.fixture
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder whose path is the same on every machine."""
    folder = tmp_path / "home" / "code" / "sync"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)


@pytest.mark.ac("pictures")
@pytest.mark.usefixtures("quiet_place")
@pytest.mark.parametrize("scene", CORE, ids=lambda scene: scene.name)
async def test_a_pane_of_the_real_core_looks_as_it_was_judged(
    scene: CoreScene, home: Home, gallery: Gallery
) -> None:
    fill_home(home)
    environ = scene.environ
    launch = launch_of(
        session_id=scene.session_id,
        open_setup=None if environ is None else lambda: SetupDesk(home, environ, ports={}),
    )
    for number, size in enumerate(scene.sizes):
        fill = fill_store if number == 0 else None
        async with on_core(home, size=size, prepare=fill, launch=launch) as stage:
            await open_scene(stage, scene.keys, scene.words)
            await gallery.compare(stage, picture_name(scene, size), scene.words)
