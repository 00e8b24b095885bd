"""Which model answers, and how it is reached."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from hermes_core.config.section import COMMA_LIST, Section, setting

PoolStrategy = Literal["fill_first", "round_robin", "least_used", "random"]
"""Which key of a provider is asked."""

ApiMode = Literal["", "chat_completions", "codex_responses", "anthropic_messages", "local"]
"""Wire format; empty lets the provider's record decide."""

ToolCalls = Literal["", "native", "text"]
"""How tools are offered; empty: natively, and for a model file as its template says."""


class ModelSettings(Section):
    """The model of new conversations."""

    default: str = setting(
        "",
        "Model id, or the path of a model file; empty asks the server at `base_url`.",
        env="HERMES_MODEL",
    )
    provider: str = setting(
        "auto",
        "Provider id, `custom`, `local`, `demo`, or a name from `providers`.",
        env="HERMES_INFERENCE_PROVIDER",
    )
    base_url: str = setting("", "Address of a custom endpoint.")
    api_key: str = setting("", "Key of the custom endpoint; sent to it alone.", secret=True)
    api_mode: ApiMode = setting("", "Wire format; empty lets the provider decide.")
    context_length: int | None = setting(None, "Context window in tokens; unset asks.", ge=1)
    max_tokens: int | None = setting(None, "Limit of one reply in tokens; unset asks.", ge=1)
    ollama_num_ctx: int | None = setting(None, "Window asked of Ollama, in tokens.", ge=1)
    tool_calls: ToolCalls = setting(
        "",
        "`text`: tools and calls are written in the text, for models without calls of their own.",
    )
    threads: int | None = setting(
        None, "Processor threads of a model file; unset: one for each core.", ge=1
    )


class OAuthSettings(Section):
    """Where and as whom to log in at a provider; what is empty stays as the provider has it."""

    flow: Literal["", "device", "code", "codex"] = setting(
        "", "How: a code typed elsewhere, a browser that comes back, OpenAI's device code."
    )
    client_id: str = setting("", "Of the application you registered there.")
    issuer: str = setting("", "Address below which the others are, if they are paths.")
    authorize_url: str = setting("", "Page where a person logs in (`code`).")
    device_url: str = setting("", "Where a code is asked for (`device`).")
    token_url: str = setting("", "Where tokens are given and renewed.")
    mint_url: str = setting("", "Where a login buys short-lived keys.")
    scope: str = setting("", "What is asked for, separated by blanks.")
    pkce: bool = setting(False, "`device`: the service wants a code challenge, too.")
    redirect_port: int = setting(0, "Port of the browser's way back; 0: any free one.", ge=0)
    redirect_path: str = setting("", "Path of the browser's way back; empty: `/callback`.")


class ProviderEntry(Section):
    """A provider of the user's own, or changes to a known one."""

    name: str = setting("", "Label shown to people.")
    base_url: Annotated[str, Field(validation_alias=AliasChoices("base_url", "api", "url"))] = (
        setting("", "Address of the endpoint.")
    )
    api_key: str = setting("", "Key; `${NAME}` reads a variable.", secret=True)
    key_env: str = setting("", "Variable that holds the key.")
    api_mode: Annotated[ApiMode, Field(validation_alias=AliasChoices("api_mode", "transport"))] = (
        setting("", "Wire format.")
    )
    model: Annotated[str, Field(validation_alias=AliasChoices("model", "default_model"))] = setting(
        "", "Model used when none is named."
    )
    models: dict[str, Any] | list[Any] = setting({}, "Models offered, with facts about each.")
    context_length: int | None = setting(None, "Context window in tokens.", ge=1)
    tool_calls: ToolCalls = setting("", "`text` writes tools and calls in the text.")
    rate_limit_delay: float = setting(0.0, "Least seconds between two requests.", ge=0)
    request_timeout_seconds: float | None = setting(None, "Limit of a whole request.", gt=0)
    stale_timeout_seconds: float | None = setting(None, "Limit without any data.", gt=0)
    headers: dict[str, str] = setting(
        {},
        "Headers sent with each request to this endpoint; `${NAME}` reads a variable.",
        secret=True,
    )
    ca_bundle: str = setting("", "Certificates for HTTPS, of this endpoint alone.")
    oauth: OAuthSettings = setting(OAuthSettings, "Logging in, where that takes the key's place.")


class CredentialSettings(Section):
    """Where keys and logins may come from beside settings, variables and `auth.json`."""

    claude_code: bool = setting(
        False,
        "Use the login of Claude Code on this machine for `anthropic`; it is only read, and"
        " the vendor's terms may not allow it.",
    )
    codex: bool = setting(
        False, "The same for the login of Codex, for `openai-codex` (`CODEX_HOME`)."
    )
    qwen: bool = setting(False, "The same for the login of Qwen Code, for `qwen-oauth`.")
    keyring: bool = setting(
        False,
        "Keep what `hermes auth add` gets in the keyring of the operating system (extra `keyring`).",
    )


class FallbackEntry(Section):
    """A model asked when the one before it fails."""

    provider: str = setting("", "Provider id.")
    model: str = setting("", "Model id.")
    base_url: str = setting("", "Address, for a custom endpoint.")
    api_key: str = setting("", "Key, for a custom endpoint.", secret=True)
    key_env: Annotated[str, Field(validation_alias=AliasChoices("key_env", "api_key_env"))] = (
        setting("", "Variable that holds that key.")
    )
    api_mode: ApiMode = setting("", "Wire format of a custom endpoint.")


class ModelAlias(Section):
    """A short name for `/model`."""

    model: str = setting("", "Model id.")
    provider: str = setting("", "Provider id.")
    base_url: str = setting("", "Address, for a custom endpoint.")


class ProviderRouting(Section):
    """What an aggregator is asked about the services behind it."""

    sort: Literal["", "price", "throughput", "latency"] = setting("", "What counts most.")
    only: Annotated[tuple[str, ...], COMMA_LIST] = setting((), "Services that may answer.")
    ignore: Annotated[tuple[str, ...], COMMA_LIST] = setting((), "Services that may not.")
    order: Annotated[tuple[str, ...], COMMA_LIST] = setting(
        (), "Services asked first, in this order."
    )
    require_parameters: bool = setting(False, "Only services that know all that is asked.")
    data_collection: Literal["", "allow", "deny"] = setting(
        "", "Whether services that keep data may answer."
    )


class SmartRoutingSettings(Section):
    """A cheaper model for messages that need no work."""

    enabled: bool = setting(False, "Let the cheaper model answer simple first messages.")
    max_simple_chars: int = setting(160, "Longest simple message, in characters.", ge=1)
    max_simple_words: int = setting(28, "Longest simple message, in words.", ge=1)
    cheap_model: FallbackEntry = setting(FallbackEntry, "The cheaper model.")


class RequestSettings(Section):
    """Limits of one model request; these come from the environment only."""

    timeout: float = setting(1800.0, "Seconds for a whole call.", env="HERMES_API_TIMEOUT", gt=0)
    stream_read_timeout: float = setting(
        120.0, "Seconds between two chunks.", env="HERMES_STREAM_READ_TIMEOUT", gt=0
    )
    stream_stale_timeout: float | None = setting(
        None, "Seconds without a real chunk; unset: 180.", env="HERMES_STREAM_STALE_TIMEOUT", gt=0
    )
    call_stale_timeout: float | None = setting(
        None,
        "Seconds without any answer, not streamed; unset: 300.",
        env="HERMES_API_CALL_STALE_TIMEOUT",
        gt=0,
    )
    stream_retries: int = setting(
        2, "Reconnects before anything was shown.", env="HERMES_STREAM_RETRIES", ge=0
    )
    dump: bool = setting(
        False,
        "Write each request into `sessions` of the home, not only those that failed.",
        env="HERMES_DUMP_REQUESTS",
    )
    ca_bundle: str = setting("", "Certificates for HTTPS.", env="HERMES_CA_BUNDLE")


class PromptCachingSettings(Section):
    """Prompt caching where the provider has it."""

    cache_ttl: Literal["5m", "1h"] = setting("5m", "How long a cached prompt lives.")
