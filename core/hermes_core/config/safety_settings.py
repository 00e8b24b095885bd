"""What needs a yes, what is hidden, what is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from hermes_core.config.section import COMMA_LIST, Section, setting, word

Absent = Literal["deny", "approve", "allowlist"]


def _approval_mode(value: Any) -> Any:
    """`off` is false in YAML; anything not understood asks, the safe way."""
    if value is False:
        return "off"
    known = value.strip().lower() if isinstance(value, str) else ""
    return known or "manual"


class ApprovalSettings(Section):
    """Dangerous commands and who decides about them."""

    mode: Annotated[Literal["manual", "smart", "off"], BeforeValidator(_approval_mode)] = setting(
        "manual", "manual asks, smart asks a model first, off never asks."
    )
    timeout: int = setting(60, "Seconds until silence means no; 0 waits.", ge=0)
    timeout_unfocused: bool = setting(True, "The time also runs while the window is unfocused.")
    noninteractive_mode: Annotated[Absent, word(yes="approve", no="deny")] = setting(
        "deny", "What runs without a person may do."
    )
    deny: Annotated[tuple[str, ...], COMMA_LIST] = setting((), "Commands never run (globs).")
    ask: Annotated[tuple[str, ...], COMMA_LIST] = setting((), "Commands always asked (globs).")
    allow_permanent: bool = setting(True, "Offer `always` in the dialog.")


class SecuritySettings(Section):
    """Redaction and walls."""

    redact_secrets: bool = setting(
        True, "Mask secrets in tool results and logs.", env="HERMES_REDACT_SECRETS"
    )
    write_safe_root: str = setting(
        "", "Writes outside this folder are refused.", env="HERMES_WRITE_SAFE_ROOT"
    )


class LoggingSettings(Section):
    """Log files."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
    ] = setting("INFO", "Least important message kept in agent.log.")
    max_size_mb: int = setting(5, "A file is turned over at this size.", ge=1)
    backup_count: int = setting(3, "Older files kept.", ge=0)


class NetworkSettings(Section):
    """Calls nobody asked for; `HERMES_OFFLINE=1` stops all of them."""

    force_ipv4: bool = setting(False, "Resolve names to IPv4 addresses alone.")
    models_dev: bool = setting(True, "Fetch facts about models.")


class RetentionSettings(Section):
    """How long things are kept."""

    events_days: int = setting(
        30,
        "Days after its end that a conversation is shown with times, costs and diffs; then"
        " its display is made of its messages. 0: for ever.",
        ge=0,
    )
    spills_days: int = setting(
        30, "Days without use after which tool results in files go; 0: never.", ge=0
    )
    logs_days: int = setting(
        30, "Days after which turned-over logs and crash reports go; 0: never.", ge=0
    )


class StorageSettings(Section):
    """The conversation store."""

    synchronous: Literal["normal", "full"] = setting("normal", "How hard SQLite syncs.")
    retention: RetentionSettings = setting(RetentionSettings, "How long things are kept.")


class SessionSettings(Section):
    """Old conversations."""

    auto_prune: bool = setting(False, "Delete conversations nobody has used for long.")
    retention_days: int = setting(90, "Days without use, for `auto_prune`.", ge=1)


class ApiServerSettings(Section):
    """The HTTP API."""

    enabled: bool = setting(False, "Serve it.", env="API_SERVER_ENABLED")
    key: str = setting("", "Key clients must send.", env="API_SERVER_KEY", secret=True)
    host: str = setting("127.0.0.1", "Address to listen on.", env="API_SERVER_HOST")
    port: int = setting(8642, "Port to listen on.", env="API_SERVER_PORT", ge=0, le=65535)
    cors_origins: Annotated[tuple[str, ...], COMMA_LIST] = setting(
        (), "Sites whose pages may call it.", env="API_SERVER_CORS_ORIGINS"
    )
    model_name: str = setting("", "Model name it reports.", env="API_SERVER_MODEL_NAME")

    @model_validator(mode="before")
    @classmethod
    def _key_enables(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("key") and "enabled" not in raw:
            return {**raw, "enabled": True}
        return raw


class WebSettings(Section):
    """The screen in a browser."""

    host: str = setting("127.0.0.1", "Address to listen on.", env="HERMES_WEB_HOST")
    port: int = setting(9119, "Port to listen on.", env="HERMES_WEB_PORT", ge=0, le=65535)
    public_url: str = setting(
        "",
        "Address browsers use if a proxy with TLS stands in front; must begin with `https://`.",
        env="HERMES_WEB_PUBLIC_URL",
    )
