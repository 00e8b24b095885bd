"""How turns are run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from hermes_core.config.section import COMMA_LIST, Section, setting, word

ReasoningEffort = Literal["", "none", "minimal", "low", "medium", "high", "xhigh"]


class AgentSettings(Section):
    """The agent's own habits."""

    max_turns: int = setting(
        90, "Tool-calling rounds of one user turn.", env="HERMES_MAX_ITERATIONS", ge=1
    )
    system_prompt: str = setting("", "Overlay prompt; `/personality` writes it.")
    reasoning_effort: Annotated[ReasoningEffort, word(yes="medium", no="none")] = setting(
        "", "How hard the model thinks; empty means medium."
    )
    service_tier: Literal["", "normal", "fast"] = setting(
        "", "`fast` asks for quicker, dearer answers where the model has them; `/fast` writes it."
    )
    verbose: bool = setting(False, "Debug messages in the log.")
    tool_use_enforcement: bool | Literal["auto"] | list[str] = setting(
        "auto", "Remind the model to act through tools: auto, true, false, or model names."
    )
    personalities: dict[str, Any] = setting({}, "Named overlays: a prompt, or a mapping.")
    max_cost_usd: float | None = setting(
        None, "Ask before a conversation costs more; unasked: stop.", gt=0
    )
    max_total_tokens: int | None = setting(
        None, "Ask before a conversation uses more tokens, in and out; unasked: stop.", ge=1
    )
    prefill_messages_file: str = setting(
        "", "JSON messages sent with each call.", env="HERMES_PREFILL_MESSAGES_FILE"
    )


class CompressionSettings(Section):
    """Summaries that keep a long conversation inside the window."""

    enabled: bool = setting(True, "Summarise when the window fills.")
    threshold: float = setting(0.50, "Share of the window that starts it.", gt=0, le=1)
    target_ratio: float = setting(0.20, "Share of the threshold kept as it is.", gt=0, le=1)
    protect_last_n: int = setting(20, "Newest messages never summarised.", ge=0)
    abort_on_summary_failure: bool = setting(
        False, "Keep the history instead of a local summary when the summary fails."
    )


class CheckpointSettings(Section):
    """Snapshots of files before they are changed."""

    enabled: bool = setting(True, "Take snapshots.")
    max_snapshots: int = setting(50, "Kept for each folder.", ge=1)
    max_total_size_mb: int = setting(500, "Kept in all, in megabytes.", ge=1)
    max_file_size_mb: int = setting(10, "Larger files are left out, in megabytes.", ge=1)
    timeout: int = setting(
        30, "Seconds for one git command.", env="HERMES_CHECKPOINT_TIMEOUT", ge=10, le=60
    )


class ClarifySettings(Section):
    """Questions the agent asks."""

    timeout: int = setting(120, "Seconds to wait for an answer; 0 waits for ever.", ge=0)


class DelegationSettings(Section):
    """Child agents that work for another one."""

    provider: str = setting("", "Provider of child agents; empty: that of their parent.")
    model: str = setting("", "Model of child agents; empty: the provider's or their parent's.")
    base_url: str = setting("", "Address of an endpoint for them; wins over `provider`.")
    api_key: str = setting("", "Key of that endpoint; sent to it alone.", secret=True)
    reasoning_effort: Annotated[ReasoningEffort, word(yes="medium", no="none")] = setting(
        "", "How hard they think; empty: as their parent."
    )
    max_iterations: int = setting(50, "Tool-calling rounds of one child.", ge=1)
    max_concurrent_children: int = setting(
        3, "Children at work at once.", env="DELEGATION_MAX_CONCURRENT_CHILDREN", ge=1
    )
    child_timeout_seconds: float = setting(
        600.0, "Seconds without a sign of life after which a child is given up.", gt=0
    )
    subagent_auto_approve: bool = setting(
        False, "Let children run risky commands unasked; the hard floor still holds."
    )


class SkillsSettings(Section):
    """Skills offered to the agent."""

    external_dirs: Annotated[tuple[str, ...], COMMA_LIST] = setting(
        (), "Further folders with skills, only read; those of the home win."
    )
    disabled: Annotated[tuple[str, ...], COMMA_LIST] = setting((), "Skills never offered.")


class ToolsSettings(Section):
    """Limits every tool shares."""

    max_parallel: int = setting(8, "Tools of one turn at work at once.", ge=1, le=32)
