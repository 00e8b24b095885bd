"""Every setting: name, type, default, meaning. The only source of defaults.

The reference page, `hermes config`, validation and the settings screen come from here.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from hermes_core.config.agent_settings import (
    AgentSettings,
    CheckpointSettings,
    ClarifySettings,
    CompressionSettings,
    DelegationSettings,
    SkillsSettings,
    ToolsSettings,
)
from hermes_core.config.auxiliary_settings import AuxiliarySettings
from hermes_core.config.model_settings import (
    CredentialSettings,
    FallbackEntry,
    ModelAlias,
    ModelSettings,
    PoolStrategy,
    PromptCachingSettings,
    ProviderEntry,
    ProviderRouting,
    RequestSettings,
    SmartRoutingSettings,
)
from hermes_core.config.safety_settings import (
    ApiServerSettings,
    ApprovalSettings,
    LoggingSettings,
    NetworkSettings,
    SecuritySettings,
    SessionSettings,
    StorageSettings,
    WebSettings,
)
from hermes_core.config.screen_settings import DisplaySettings, TuiSettings
from hermes_core.config.section import Section, setting
from hermes_core.config.spelling import canonical
from hermes_core.config.terminal_settings import TerminalSettings

CONFIG_VERSION = 1
"""Written as `_config_version`; the older program's 17 is accepted as it is."""


class Settings(Section):
    """All settings of one home, merged and checked. Read by attribute, never changed."""

    model: ModelSettings = setting(ModelSettings, "The model of new conversations.")
    model_aliases: dict[str, ModelAlias] = setting({}, "Short names for `/model`.")
    providers: dict[str, ProviderEntry] = setting({}, "Providers by id.")
    custom_providers: tuple[ProviderEntry, ...] = setting((), "Providers, the older form.")
    fallback_providers: tuple[FallbackEntry, ...] = setting((), "Asked in this order on failure.")
    credential_pool_strategies: dict[str, PoolStrategy] = setting(
        {}, "Which of several keys is asked, by provider."
    )
    credentials: CredentialSettings = setting(CredentialSettings, "Keys and logins kept elsewhere.")
    provider_routing: ProviderRouting = setting(
        ProviderRouting, "What OpenRouter is asked about the services behind it."
    )
    smart_model_routing: SmartRoutingSettings = setting(
        SmartRoutingSettings, "A cheaper model for simple messages."
    )
    requests: RequestSettings = setting(RequestSettings, "Limits of one model request.")
    prompt_caching: PromptCachingSettings = setting(PromptCachingSettings, "Prompt caching.")
    agent: AgentSettings = setting(AgentSettings, "How turns are run.")
    auxiliary: AuxiliarySettings = setting(AuxiliarySettings, "Models of side jobs.")
    compression: CompressionSettings = setting(CompressionSettings, "Long conversations.")
    delegation: DelegationSettings = setting(DelegationSettings, "Child agents.")
    checkpoints: CheckpointSettings = setting(CheckpointSettings, "Snapshots before changes.")
    clarify: ClarifySettings = setting(ClarifySettings, "Questions the agent asks.")
    skills: SkillsSettings = setting(SkillsSettings, "Skills offered.")
    tools: ToolsSettings = setting(ToolsSettings, "Limits every tool shares.")
    terminal: TerminalSettings = setting(TerminalSettings, "Where commands run.")
    approvals: ApprovalSettings = setting(ApprovalSettings, "What needs a yes.")
    command_allowlist: tuple[str, ...] = setting((), "Rules answered with `always`.")
    security: SecuritySettings = setting(SecuritySettings, "Redaction and walls.")
    display: DisplaySettings = setting(DisplaySettings, "What is shown.")
    tui: TuiSettings = setting(TuiSettings, "The full screen.")
    platform_toolsets: dict[str, tuple[str, ...]] = setting({}, "Toolsets by platform.")
    custom_toolsets: dict[str, Any] = setting(
        {}, "Toolsets of the user's own: a list of tools, or `description`, `tools`, `includes`."
    )
    quick_commands: dict[str, Any] = setting(
        {}, "Slash commands of one's own: `{type: exec, command}` or `{type: alias, target}`."
    )
    file_read_max_chars: int = setting(100_000, "Most characters of one file read.", ge=1)
    logging: LoggingSettings = setting(LoggingSettings, "Log files.")
    network: NetworkSettings = setting(NetworkSettings, "Calls nobody asked for.")
    storage: StorageSettings = setting(StorageSettings, "The conversation store.")
    sessions: SessionSettings = setting(SessionSettings, "Old conversations.")
    api_server: ApiServerSettings = setting(ApiServerSettings, "The HTTP API.")
    web_screen: WebSettings = setting(WebSettings, "The screen in a browser.")
    timezone: str = setting(
        "",
        "IANA name, for the date the model is told; empty takes the system's.",
        env="HERMES_TIMEZONE",
    )

    @model_validator(mode="before")
    @classmethod
    def _older_spellings(cls, raw: Any) -> Any:
        return canonical(raw) if isinstance(raw, dict) else raw
