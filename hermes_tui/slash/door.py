"""What a slash command needs from where it was typed: the full screen, or the line mode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

from hermes_core.commands import CoreCommand, Reply
from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.workspace import SkillInfo, StartInfo, Workspace
from hermes_tui.session_state import Clocks, SessionState
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

T = TypeVar("T")

Source: TypeAlias = Callable[[str], Sequence[Row]]
"""Gets what was typed to search; returns the rows, the best first."""

SubmitMode: TypeAlias = Literal["default", "queue", "steer", "interrupt"]


class Door(Protocol):
    """Where a person types commands; about the conversation that is shown there."""

    @property
    def full_screen(self) -> HermesApp | None:
        """The screen, for what can be shown on it alone; None in the line mode."""
        ...

    @property
    def workspace(self) -> Workspace:
        """The core."""
        ...

    @property
    def start_info(self) -> StartInfo:
        """Facts known since the start."""
        ...

    @property
    def skills(self) -> list[SkillInfo]:
        """What is installed, as it was read last."""
        ...

    @property
    def state(self) -> SessionState:
        """What is known about the conversation."""
        ...

    @property
    def clocks(self) -> Clocks:
        """Where the time comes from."""
        ...

    async def command(self, command: CoreCommand) -> Reply:
        """Ask the conversation for something; refusals are told."""
        ...

    async def guard(self, call: Awaitable[T]) -> T | None:
        """Wait for the core; tell what went wrong and return None then."""
        ...

    async def submit(self, text: str, *, mode: SubmitMode = "default", note: str = "") -> None:
        """Send a message."""
        ...

    def tell(self, text: str) -> None:
        """Say something in the conversation."""
        ...

    def tell_error(self, text: str, *, hint: str = "") -> None:
        """Say what went wrong and what can be done."""
        ...

    async def confirm(self, title: str, text: str, *, yes: str) -> bool:
        """Ask; leaving the question means no."""
        ...

    async def pick(
        self,
        title: str,
        source: Source,
        *,
        note_at: int = 26,
        preview: Callable[[str], None] | None = None,
        start: str = "",
    ) -> str:
        """Let one be picked from a list; empty if it was left."""
        ...

    async def read(self, title: str, text: str, *, is_diff: bool = False) -> None:
        """Let a long text be read."""
        ...

    def offer_draft(self, text: str) -> None:
        """Give a text back to be changed and sent again, unless something is typed already."""
        ...

    def refresh_all(self) -> None:
        """Show what was changed in `state`."""
        ...

    async def follow_settings(self) -> None:
        """Show things as the settings now say."""
        ...

    async def refresh_lists(self) -> None:
        """Read again what is installed."""
        ...

    async def open_new(self) -> bool:
        """Begin a new conversation; says whether it could, why not was told."""
        ...

    async def open_in_place(self) -> None:
        """Begin a new conversation where the present one was shown."""
        ...

    def resume(self, session_id: str) -> None:
        """Show a conversation."""
        ...

    async def pick_session(self, found: Sequence[SessionSummary]) -> str:
        """Let a conversation be picked; empty if it was left, or is picked elsewhere."""
        ...

    async def show_help(self, word: str) -> None:
        """Show commands (and keys, where there are any)."""
        ...

    async def leave(self) -> None:
        """Leave, after a question if something still runs."""
        ...


def on_screen(
    run: Callable[[HermesApp, str], Awaitable[None]], *, elsewhere: str
) -> Callable[[Door, str], Awaitable[None]]:
    """Make a command of one that needs the screen.

    Args:
        run: What it does there.
        elsewhere: What is said in the line mode: how the same is done without a screen.
    """

    async def command(door: Door, argument: str) -> None:
        screen = door.full_screen
        if screen is None:
            door.tell(elsewhere)
        else:
            await run(screen, argument)

    return command
