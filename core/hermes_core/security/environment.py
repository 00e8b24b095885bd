"""What child processes may see of our environment.

Source: terminal-security, "Environment and credential passing".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping

_log = logging.getLogger(__name__)

_BLOCKED_NAMES = frozenset(
    {
        "ANTHROPIC_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "LLM_MODEL", "GH_TOKEN", "GITHUB_TOKEN",
        "DAYTONA_API_KEY", "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "SUDO_PASSWORD", "HF_TOKEN",
        "FAL_KEY", "TINKER_API_KEY", "WANDB_API_KEY", "COPILOT_GITHUB_TOKEN", "VOICE_TOOLS_OPENAI_KEY",
        "HONCHO_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TELEGRAM_BOT_TOKEN", "API_SERVER_KEY",
        "DISCORD_BOT_TOKEN", "MATRIX_ACCESS_TOKEN", "MATRIX_PASSWORD", "TWILIO_AUTH_TOKEN",
        "HERMES_YOLO_MODE", "HERMES_REDACT_SECRETS",
    }
)  # fmt: skip
_PROVIDERS = (
    "OPENAI|ANTHROPIC|OPENROUTER|NOUS|GEMINI|GOOGLE|GROQ|MISTRAL|DEEPSEEK|XAI|ZAI|GLM|KIMI|MOONSHOT"
    "|MINIMAX(?:_CN)?|DASHSCOPE|QWEN|TOGETHER|FIREWORKS|CEREBRAS|PERPLEXITY|NVIDIA|HUGGINGFACE|OLLAMA"
    "|AZURE_OPENAI|COHERE|REPLICATE|STEPFUN|XIAOMI|ARCEE|KILOCODE|OPENCODE(?:_ZEN|_GO)?|AI_GATEWAY"
    "|VERCEL_AI_GATEWAY|EXA|TAVILY|PARALLEL|FIRECRAWL|BROWSERBASE|BROWSER_USE|ELEVENLABS|DEEPGRAM"
)
_BLOCKED_PATTERNS = re.compile(
    rf"(?:{_PROVIDERS})_(?:API_)?(?:KEY|KEYS|TOKEN|SECRET|BASE_URL|API_BASE|ORG(?:ANIZATION)?|PROJECT_ID"
    r"|ACCESS_TOKEN|API_URL|GATEWAY_URL)(?:_\d+)?"
    r"|OPENAI_.*(?:KEY|URL|BASE).*"
    r"|GITHUB_APP_.*|MODAL_TOKEN_.*|HASS_.*|EMAIL_.*|AUXILIARY_.*"
    r"|.*_HOME_CHANNEL.*|.*_ALLOWED_(?:USERS|CHATS|GROUPS)|_HERMES_FORCE_.*"
    r"|(?:TELEGRAM|DISCORD|SLACK|WHATSAPP|SIGNAL|MATRIX|MATTERMOST|FEISHU|WECOM|DINGTALK|BLUEBUBBLES"
    r"|TWILIO|WEBHOOK|HERMES)_.*(?:TOKEN|SECRET|PASSWORD|KEY|AUTH).*"
)
_SECRET_PARTS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PASSWD", "AUTH")
_PLAIN_PREFIXES = (
    "PATH", "HOME", "USER", "LANG", "LC_", "TERM", "TMPDIR", "TMP", "TEMP", "SHELL", "LOGNAME", "XDG_",
    "PYTHONPATH", "VIRTUAL_ENV", "CONDA",
)  # fmt: skip
_MINIMAL_NAMES = frozenset({"PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "SHELL", "TMPDIR"})


def is_blocked(name: str, own_names: Iterable[str] = ()) -> bool:
    """Whether a variable belongs to this program or a provider and stays with us.

    Args:
        name: The variable.
        own_names: Names that were loaded from our `.env` or login store.
    """
    return (
        name in _BLOCKED_NAMES
        or _BLOCKED_PATTERNS.fullmatch(name) is not None
        or name in frozenset(own_names)
    )


def child_environment(
    environ: Mapping[str, str],
    *,
    passthrough: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
    own_names: Iterable[str] = (),
) -> dict[str, str]:
    """Return the environment for a shell command: ours without our secrets.

    Args:
        environ: The process environment as it was at start.
        passthrough: Names the user or a loaded skill asked for. They override
            `own_names`, never the list of provider and messaging settings; a refused
            name is logged.
        extra: Set on top by the caller, e.g. `TERM`; not filtered.
        own_names: Names that were loaded from our `.env` or login store.
    """
    wanted = allowed_passthrough(passthrough)
    own = frozenset(own_names)
    kept = {
        name: value
        for name, value in environ.items()
        if not is_blocked(name) and (name not in own or name in wanted)
    }
    return {**kept, **(extra or {})}


def allowed_passthrough(names: Iterable[str]) -> frozenset[str]:
    """Return the names that may be passed through, logging those that may not."""
    allowed: set[str] = set()
    for name in names:
        if is_blocked(name):
            _log.warning("environment variable %s is not passed to commands", name)
        else:
            allowed.add(name)
    return frozenset(allowed)


def script_environment(
    environ: Mapping[str, str],
    *,
    passthrough: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the environment for code the model wrote: a short list of plain names.

    Arguments as in `child_environment`.
    """
    wanted = allowed_passthrough(passthrough)
    kept = {
        name: value
        for name, value in environ.items()
        if name in wanted
        or (
            name.startswith(_PLAIN_PREFIXES)
            and not any(part in name.upper() for part in _SECRET_PARTS)
        )
    }
    return {**kept, **(extra or {})}


def minimal_environment(
    environ: Mapping[str, str], *, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment for foreign servers, hooks, linters and git.

    Eight plain names and `XDG_*`, plus what the caller's own block sets.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name in _MINIMAL_NAMES or name.startswith("XDG_")
    }
    return {**kept, **(extra or {})}
