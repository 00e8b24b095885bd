"""The workspace of the screen, over the real core."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hermes_core.agent.references.attaching import joined, read_contexts
from hermes_core.checkpoints.diff_parts import file_diffs
from hermes_core.errors import HermesError, SessionNotFound
from hermes_core.events import CoreEvent, FileDiff, SessionTitled
from hermes_core.host import Host
from hermes_core.insights import Insights
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.ports import SessionHandle
from hermes_core.security.approvals import describe
from hermes_core.storage.records import SessionSummary
from hermes_core.storage.session_ids import new_session_id
from hermes_tui.core_link.installed_skills import (
    activation_text,
    installed_skills,
    skill_file_text,
    skill_folders,
)
from hermes_tui.core_link.model_facts import model_info
from hermes_tui.core_link.place import folder_shown, git_branch
from hermes_tui.core_link.provider_facts import provider_infos
from hermes_tui.core_link.setting_book import SettingBook
from hermes_tui.core_link.stored_past import StoredPast
from hermes_tui.core_link.text_file import write_text
from hermes_tui.core_link.usage_facts import read_insights, read_usage
from hermes_tui.core_link.workspace import (
    CheckpointInfo,
    GrantInfo,
    ModelInfo,
    ProviderInfo,
    SettingInfo,
    SkillInfo,
    StartInfo,
    ToolInfo,
    UsageInfo,
)

DEMO_LINE = "demo: a built-in script, not an AI · a real one: hermes setup"


class CoreWorkspace:
    """See `workspace.Workspace`.

    Args:
        host: Open; closed by `close`.
        runtime: The model of new conversations.
        preload: Instructions of skills for the prompt of new conversations.
    """

    def __init__(self, host: Host, runtime: Runtime, *, preload: str = "") -> None:
        self._host = host
        self._book = SettingBook(host)
        self._preload = preload
        self._runtime = runtime
        self._skill_count = len(installed_skills(self.skill_folders()))

    @property
    def home(self) -> Home:
        """The user's data folder."""
        return self._host.options.home

    def start_info(self) -> StartInfo:
        """Facts known without waiting."""
        host, runtime = self._host, self._runtime
        mode = "off" if host.options.yolo else host.loaded.settings.approvals.mode
        return StartInfo(
            model=runtime.model,
            provider=runtime.provider,
            window_tokens=runtime.window_tokens,
            approval_mode=mode,
            tool_count=len(host.selection.tools),
            skill_count=self._skill_count,
            cwd=folder_shown(host.options.cwd),
            branch=git_branch(host.options.cwd),
            warnings=tuple(map(str, host.loaded.warnings)),
            demo=DEMO_LINE if runtime.provider == "demo" else "",
        )

    async def open(self, session_id: str | None = None) -> SessionHandle:
        """Open a conversation; None begins a new one."""
        if session_id is not None:
            await self._host.store.session(session_id)
            return await self._host.open_session(session_id)
        return await self._host.open_session(system_message=self._preload)

    def stored(self, session_id: str) -> StoredPast:
        """What is stored of a conversation, to be read in parts."""
        return StoredPast(self._host.store, session_id)

    async def past_events(self, session_id: str) -> Sequence[CoreEvent]:
        """Every stored event so far, oldest first, texts whole."""
        stored = self.stored(session_id)
        past = await stored.between(0, await stored.last_seq())
        title = await stored.title()
        # A title given from outside, or in an older home, is told by no event.
        return [*past, SessionTitled(title=title)] if title else past

    async def message_text(self, session_id: str, message_id: str) -> str:
        """The whole text of a message whose event was cut, with what stands behind it."""
        message = await self._host.store.message(session_id, message_id)
        if message is None:
            raise SessionNotFound("That message is not stored.")
        contexts = await asyncio.to_thread(read_contexts, (message,))
        return joined(message, contexts).content

    async def recent(
        self, *, text: str = "", limit: int = 50, here: bool = False
    ) -> list[SessionSummary]:
        """Conversations, the last active first; with `text` those that mention it."""
        store = self._host.store
        cwd = str(self._host.options.cwd) if here else None
        named = await store.list_sessions(limit=limit, text=text, cwd=cwd)
        if not text.strip():
            return named
        known = {summary.id for summary in named}
        words: dict[str, str] = {}
        for hit in await store.search(text, limit=limit):
            if hit.session_id not in known:
                snippet = hit.snippet.replace(">>>", "").replace("<<<", "")
                words.setdefault(hit.session_id, snippet)
        rest = await store.list_sessions(limit=limit, ids=list(words), cwd=cwd)
        by_id = {summary.id: summary for summary in rest}
        named += [
            msgspec.structs.replace(by_id[found], preview=snippet)
            for found, snippet in words.items()
            if found in by_id
        ]
        return named[:limit]

    async def branch(self, session_id: str) -> str:
        """Begin another conversation with what was said in one; return its id."""
        new_id = new_session_id(time.time())
        await self._host.store.branch(session_id, new_id)
        return new_id

    async def skills(self) -> list[SkillInfo]:
        """What is installed."""
        return await asyncio.to_thread(self._installed)

    def skill_folders(self) -> tuple[Path, ...]:
        """Where skills lie, those of the home first."""
        return skill_folders(self.home, self._host.loaded.settings)

    def _installed(self) -> list[SkillInfo]:
        loaded = self._host.loaded
        return installed_skills(
            self.skill_folders(),
            disabled=loaded.settings.skills.disabled,
            has_value=lambda name: bool(loaded.secrets.get(name)),
        )

    async def skill_page(self, name: str) -> str:
        """The whole `SKILL.md` of a skill."""
        return await asyncio.to_thread(skill_file_text, self.skill_folders(), name)

    async def set_skill(self, name: str, *, is_on: bool) -> None:
        """Offer a skill, or do not offer it any more."""
        disabled = [item for item in self._host.loaded.settings.skills.disabled if item != name]
        if not is_on:
            disabled.append(name)
        await self._book.set_value("skills.disabled", disabled)

    async def tools(self) -> list[ToolInfo]:
        """What the model may call."""
        host = self._host
        offered = set(host.selection.tools.names())
        return [
            ToolInfo(
                name=tool.name,
                toolset=tool.toolset,
                description=tool.description().splitlines()[0],
                is_available=tool.name in offered,
                reason="" if tool.name in offered else "not offered here",
            )
            for tool in host.tools
        ]

    async def models(self, current: Runtime | None = None) -> list[ModelInfo]:
        """What can be switched to, the current one first. Asks no service."""
        offers = self._host.offers(current or self._runtime)
        return [model_info(offer) for offer in await asyncio.to_thread(offers.all)]

    async def providers(self, current: Runtime | None = None) -> list[ProviderInfo]:
        """Every provider, those that could answer first. Asks no service."""
        return await asyncio.to_thread(provider_infos, self._host, current or self._runtime)

    async def usage(self, session_id: str) -> UsageInfo:
        """What a conversation took so far."""
        return await read_usage(self._host, session_id)

    async def insights(self, *, days: int, source: str = "") -> Insights:
        """What was used over the last days."""
        return await read_insights(self._host.store, days=days, source=source)

    def setting(self, key: str) -> object:
        """Return a setting by its dotted key, its default if it is not written."""
        return self._book.value(key)

    async def set_setting(self, key: str, value: object) -> None:
        """Write a setting to the configuration file and read it again."""
        await self._book.set_value(key, value)

    async def list_settings(self) -> list[SettingInfo]:
        """Every setting, those of a section together."""
        return await self._book.all()

    async def type_setting(self, key: str, text: str) -> None:
        """Write what somebody typed for a setting."""
        await self._book.set_text(key, text)

    async def unset_setting(self, key: str) -> None:
        """Take a setting out of the configuration file."""
        await self._book.unset(key)

    async def reread_settings(self) -> str:
        """Read the configuration again; one with a mistake changes nothing."""
        problem = await self._book.reread()
        if not problem:
            with contextlib.suppress(HermesError):  # as before until something can answer
                self._runtime = self._host.resolve().runtime
        return problem

    async def checkpoints(self, session_id: str) -> list[CheckpointInfo]:
        """Snapshots of a conversation, the newest first."""
        return [
            CheckpointInfo(
                checkpoint_id=checkpoint.id,
                created_at=checkpoint.created_at,
                cause=checkpoint.cause,
                file_count=checkpoint.files_changed,
                added=checkpoint.added,
                removed=checkpoint.removed,
                directory=folder_shown(Path(checkpoint.directory)),
                has_turn=bool(checkpoint.turn_id),
            )
            for checkpoint in await self._host.checkpoints.list(session_id=session_id)
        ]

    async def checkpoint_diff(self, session_id: str, checkpoint_id: str) -> str:
        """What restoring would change, as a unified diff."""
        return await self._host.checkpoints.diff(checkpoint_id, back=True)

    async def checkpoint_files(self, session_id: str, checkpoint_id: str) -> list[FileDiff]:
        """What changed since a snapshot, file by file."""
        diff = await self._host.checkpoints.diff(checkpoint_id)
        return list(await asyncio.to_thread(file_diffs, diff))

    async def grants(self, session_id: str) -> list[GrantInfo]:
        """What was allowed for the session and for good."""
        return [
            GrantInfo(key=entry, scope=scope, pattern=describe(entry))
            for entry, scope in self._host.grants(session_id)
        ]

    async def rename(self, session_id: str, title: str) -> None:
        """Name a conversation that is not open."""
        await self._host.store.set_title(session_id, title)

    async def delete(self, session_id: str) -> None:
        """Delete a conversation and everything that belongs to it."""
        await self._host.store.delete_session(session_id)

    async def messages(self, session_id: str) -> list[Message]:
        """What was said in a conversation, as people see it, oldest first."""
        return await self._host.store.messages(session_id, active_only=False)

    async def skill_text(self, name: str) -> str:
        """What the model is told when a skill is used."""
        return await asyncio.to_thread(activation_text, self.skill_folders(), name)

    async def export(self, session_id: str, target: Path | None = None) -> Path:
        """Write a conversation to a Markdown file, in the working folder if none is named."""
        record = await self._host.store.session(session_id)
        messages = await self._host.store.messages(session_id, active_only=False)
        lines = [f"# {record.title or session_id}", ""]
        for message in messages:
            if message.role == "tool":
                continue
            lines += [f"## {message.role}", "", message.content, ""]
            for call in message.tool_calls:
                lines += [f"- `{call.name}` {json.dumps(call.arguments, ensure_ascii=False)}", ""]
        place = target or self._host.options.cwd / f"hermes_{session_id}.md"
        await asyncio.to_thread(write_text, place, "\n".join(lines), anew=target is None)
        return place

    async def close(self) -> None:
        """Let go of everything; the last call."""
        await self._host.aclose()
