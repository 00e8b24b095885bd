"""Setting a model up without leaving the program: provider, key, model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_core.commands import SetRuntime
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.slash.door import Door

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.setup.screen import SetupScreen


async def _build(host: HermesApp, argument: str) -> SetupScreen | None:
    from hermes_tui.setup.screen import SetupScreen  # clients of the providers, ruamel.yaml

    if host.launch.open_setup is None:
        host.tell_error("Nothing can be set up here", hint="hermes setup, on a terminal")
        return None
    return SetupScreen(
        host.launch.open_setup(),
        use=lambda saved: _use(host, *saved),
        copy=host.copying.copy,
    )


async def _use(host: HermesApp, provider: str, model: str, lines: tuple[str, ...]) -> None:
    """Let the model answer that was written, here too if nothing runs."""
    for line in lines:
        host.tell(line)
    if not host.is_ready:
        host.try_again()
        return
    problem = await host.guard(host.workspace.reread_settings())
    if problem:
        host.tell_error(problem)
        return
    host.start_info = host.workspace.start_info()
    if not host.state.is_busy:
        await host.command(SetRuntime(model=model, provider=provider, client="screen"))
    await host.refresh_lists()
    host.refresh_all()


async def _in_lines(door: Door, argument: str) -> None:
    door.tell("A model is set up by: hermes setup")


SCREENS = (
    ScreenSpec(
        id="app.setup",
        title="Set up a model",
        key="f9",
        rank=13,
        command="setup",
        summary="choose provider, key and model",
        group="Model",
        works_early=True,
        build=_build,
        in_lines=_in_lines,
    ),
)
