"""Six states in every skin and without colours: what a skin may change, and what it may not."""

from __future__ import annotations

import pytest

from hermes_core.paths import Home
from hermes_skins.catalog import builtin_skins
from tests.pictures.conversation_scenes import CONVERSATION
from tests.pictures.gallery import Gallery, Scene, launch_of, on_stage

CHOSEN = {
    "start": (120, 40),
    "writing": (80, 24),
    "approval": (80, 24),
    "clarify": (80, 24),
    "error": (80, 24),
    "palette": (80, 24),
}
SCENES = [scene for scene in CONVERSATION if scene.name in CHOSEN]
SKINS = [name for name in builtin_skins() if name != "default"]
"""The default is drawn with the states."""


@pytest.mark.ac("pictures-skins")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_state_looks_as_it_was_judged_in_every_skin(
    scene: Scene, home: Home, gallery: Gallery
) -> None:
    size = CHOSEN[scene.name]
    async with on_stage(home, size=size, launch=launch_of("skin", skin=SKINS[0])) as stage:
        await scene.play(stage)
        for name in SKINS:
            assert stage.app.appearance.use_skin(name)
            await gallery.compare(stage, f"skins/{scene.name}-{name}", scene.words)


@pytest.mark.ac("pictures-skins")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_state_looks_as_it_was_judged_without_colours(
    scene: Scene, home: Home, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_stage(home, size=CHOSEN[scene.name]) as stage:
        await scene.play(stage)
        await gallery.compare(stage, f"skins/{scene.name}-no-colour", scene.words)
