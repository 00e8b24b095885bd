"""What the screen needs from the core, as one narrow protocol.

The screen never sees a store, a provider or a host; a test gives it a fake of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from hermes_core.events import CoreEvent, FileDiff
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.ports import SessionHandle
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.storage.records import RequestUse, SessionSummary

if TYPE_CHECKING:
    from hermes_core.agent.context_shares import ContextShare
    from hermes_core.insights import Insights
    from hermes_core.timeline import Span


class OpenedAt(Struct, frozen=True, kw_only=True):
    """Where the conversations of a screen are run; as it stands: in its own process."""

    socket: str = ""
    """Of the process that runs them."""
    client: str = ""
    """Our name there, shown to others who look at the same conversation; empty: the terminal's."""


class StartInfo(Struct, frozen=True, kw_only=True):
    """Facts for the start card and the rows around the conversation."""

    model: str
    provider: str
    window_tokens: int = 0
    approval_mode: str = "manual"
    tool_count: int = 0
    skill_count: int = 0
    mcp_count: int = 0
    memory_count: int = 0
    cwd: str = ""
    """As shown, with `~` for the user's folder."""
    branch: str = ""
    warnings: tuple[str, ...] = ()
    demo: str = ""
    """The line that says a scripted model answers; empty with a real one."""


class SkillInfo(Struct, frozen=True, kw_only=True):
    """An installed skill."""

    name: str
    category: str = ""
    description: str = ""
    state: Literal["on", "off", "needs"] = "on"
    needs: str = ""
    """With `needs`: what is missing, e.g. `needs HUE_KEY`."""
    version: str = ""
    source: str = ""


class ToolInfo(Struct, frozen=True, kw_only=True):
    """A tool the model may call."""

    name: str
    toolset: str = ""
    description: str = ""
    is_available: bool = True
    reason: str = ""
    """Why it is not available."""


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model that can be switched to."""

    model: str
    provider: str
    label: str = ""
    """Of the provider, as people know it."""
    window_tokens: int = 0
    price: str = ""
    """USD per million tokens in and out, such as `$3 / $15`; empty if it is not known."""
    abilities: tuple[str, ...] = ()
    """What it can beyond text: `tools`, `images`, `reasoning`."""


class ProviderInfo(Struct, frozen=True, kw_only=True):
    """Who could answer."""

    provider: str
    label: str
    is_ready: bool = False
    """Whether everything it needs is there."""
    access: str = ""
    """Which key is used, or what is missing."""
    model_count: int = 0


class UsageInfo(Struct, frozen=True, kw_only=True):
    """What a conversation took so far."""

    uses: tuple[RequestUse, ...]
    """Every request, oldest first."""
    spans: tuple[Span, ...]
    """What went on when."""
    context: tuple[ContextShare, ...]
    """What fills the window now."""
    compactions: int = 0
    limit_usd: Decimal | None = None
    """What it may cost; None: there is no limit."""
    limit_tokens: int | None = None
    """How many tokens it may use; None: there is no limit."""
    rate_limits: tuple[RateLimit, ...] = ()
    """What is left of the provider's own limits, where it says so."""


class CheckpointInfo(Struct, frozen=True, kw_only=True):
    """A snapshot of files before a change."""

    checkpoint_id: str
    created_at: float
    cause: str = ""
    file_count: int = 0
    added: int = 0
    """Lines, against the snapshot before; so is `removed`."""
    removed: int = 0
    directory: str = ""
    """As shown, with `~` for the user's folder."""
    has_turn: bool = False
    """Taken in a turn, so that the conversation can go back with it."""


class GrantInfo(Struct, frozen=True, kw_only=True):
    """Something that was allowed for longer than once."""

    key: str
    scope: Literal["session", "always"]
    pattern: str = ""


class SettingInfo(Struct, frozen=True, kw_only=True):
    """One setting with the value in use."""

    key: str
    value: str
    """As it is shown and typed; a secret is masked."""
    origin: str
    """`default`, `config.yaml`, `flag`, `environment NAME`, `.env NAME`."""
    about: str = ""
    choices: tuple[str, ...] = ()
    """The only values there are; empty if it takes others."""
    is_secret: bool = False
    is_fixed: bool = False
    """Holds secrets inside, so it can only be changed in the file."""


class StoredEvents(Protocol):
    """What is stored of one conversation, in parts. Every call may raise `HermesError`."""

    async def last_seq(self) -> int:
        """Number of the newest stored event, 0 if there is none."""
        ...

    async def between(self, after: int, upto: int) -> Sequence[CoreEvent]:
        """Events with `after < seq <= upto`, oldest first, texts whole."""
        ...

    async def start_of(self, message_id: str, *, before: int) -> int:
        """Number of the last event before `before` that begins a message, 0 if none does."""
        ...

    async def title(self) -> str:
        """The title, empty if there is none.

        Raises:
            SessionNotFound: No conversation has that id.
        """
        ...


class Workspace(Protocol):
    """The core as the screen sees it. Every call may raise `HermesError`."""

    @property
    def home(self) -> Home:
        """The user's data folder, for the input history."""
        ...

    def start_info(self) -> StartInfo:
        """Facts known without waiting."""
        ...

    async def open(self, session_id: str | None = None) -> SessionHandle:
        """Open a conversation; None begins a new one.

        Raises:
            SessionNotFound: No conversation has that id.
        """
        ...

    def stored(self, session_id: str) -> StoredEvents:
        """What is stored of a conversation, to be read in parts; nothing is read yet."""
        ...

    async def past_events(self, session_id: str) -> Sequence[CoreEvent]:
        """Every stored event so far, oldest first, texts whole."""
        ...

    async def message_text(self, session_id: str, message_id: str) -> str:
        """The whole text of a message whose event was cut.

        Raises:
            SessionNotFound: No such message.
        """
        ...

    async def recent(
        self, *, text: str = "", limit: int = 50, here: bool = False
    ) -> list[SessionSummary]:
        """Conversations, the last active first; with `text` those that mention it.

        One that mentions it in a message alone has the words around it as its preview.
        With `here` only those of this working folder.
        """
        ...

    async def branch(self, session_id: str) -> str:
        """Begin another conversation with what was said in one; return its id.

        Raises:
            SessionNotFound: No such conversation.
        """
        ...

    async def skills(self) -> list[SkillInfo]:
        """What is installed."""
        ...

    def skill_folders(self) -> tuple[Path, ...]:
        """Where skills lie, those of the home first."""
        ...

    async def skill_page(self, name: str) -> str:
        """The whole `SKILL.md` of a skill.

        Raises:
            ConfigError: No skill has that name.
        """
        ...

    async def set_skill(self, name: str, *, is_on: bool) -> None:
        """Offer a skill, or do not offer it any more.

        Raises:
            ConfigError: The settings cannot be written.
        """
        ...

    async def tools(self) -> list[ToolInfo]:
        """What the model may call."""
        ...

    async def models(self, current: Runtime | None = None) -> list[ModelInfo]:
        """What can be switched to, the current one first. Asks no service."""
        ...

    async def providers(self, current: Runtime | None = None) -> list[ProviderInfo]:
        """Every provider, those that could answer first. Asks no service."""
        ...

    async def usage(self, session_id: str) -> UsageInfo:
        """What a conversation took so far."""
        ...

    async def insights(self, *, days: int, source: str = "") -> Insights:
        """What was used over the last days, in all conversations or those of a source."""
        ...

    def setting(self, key: str) -> object:
        """Return a setting by its dotted key, its default if it is not written.

        Raises:
            ConfigError: No such key.
        """
        ...

    async def set_setting(self, key: str, value: object) -> None:
        """Write a setting to the configuration file.

        Raises:
            ConfigError: No such key, or an impossible value.
        """
        ...

    async def list_settings(self) -> list[SettingInfo]:
        """Every setting, those of a section together."""
        ...

    async def type_setting(self, key: str, text: str) -> None:
        """Write what somebody typed for a setting.

        Raises:
            ConfigError: An impossible value, with what is possible.
        """
        ...

    async def unset_setting(self, key: str) -> None:
        """Take a setting out of the configuration file, so that its default counts.

        Raises:
            ConfigError: It is not written there.
        """
        ...

    async def reread_settings(self) -> str:
        """Read the configuration again; one with a mistake changes nothing.

        Returns:
            What is wrong with it, empty if it is in use.
        """
        ...

    async def checkpoints(self, session_id: str) -> list[CheckpointInfo]:
        """Snapshots of a conversation, the newest first."""
        ...

    async def checkpoint_diff(self, session_id: str, checkpoint_id: str) -> str:
        """What restoring would change, as a unified diff."""
        ...

    async def checkpoint_files(self, session_id: str, checkpoint_id: str) -> list[FileDiff]:
        """What changed since a snapshot, file by file."""
        ...

    async def grants(self, session_id: str) -> list[GrantInfo]:
        """What was allowed for the session and for good."""
        ...

    async def rename(self, session_id: str, title: str) -> None:
        """Name a conversation that is not open.

        Raises:
            TitleTaken: Another one has the title.
        """
        ...

    async def delete(self, session_id: str) -> None:
        """Delete a conversation and everything that belongs to it."""
        ...

    async def messages(self, session_id: str) -> list[Message]:
        """What was said in a conversation, as people see it, oldest first."""
        ...

    async def skill_text(self, name: str) -> str:
        """What the model is told when a skill is used.

        Raises:
            ConfigError: No skill is called that.
        """
        ...

    async def export(self, session_id: str, target: Path | None = None) -> Path:
        """Write a conversation to a Markdown file and return where.

        Args:
            session_id: The conversation.
            target: A file that is not there yet; None takes one named after the
                conversation in the working folder and writes it anew.

        Raises:
            HermesError: It cannot be written, or `target` is there already.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; the last call."""
        ...
