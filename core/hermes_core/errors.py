"""The one tree of errors.

HermesError
├── ConfigError            a setting is wrong; names file, line and key
├── LoginError             a login with a provider was not made or not renewed
├── NoModelConfigured      nothing to answer with (exit 3, HTTP 503)
├── StoreError
│   ├── StoreUnavailable   the database cannot be used now
│   ├── StoreReadOnly      the database is newer than this program
│   ├── SessionNotFound
│   └── TitleTaken
├── OwnerLost              the process that owned the session is gone
├── ProviderError          a model request failed; carries the classification
├── ContextFull            the conversation no longer fits the model's window
├── ToolError              what a tool tells the model (and the person)
│   └── ToolBlocked        refused by the guard or by the person
└── Cancelled              the turn's cancel token fired
"""

from __future__ import annotations


class HermesError(Exception):
    """Base of all our errors. `str(error)` is one sentence for a person."""

    hint: str = ""
    """What to do next, one sentence, may be empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(HermesError):
    """A setting cannot be read or has an impossible value."""


class LoginError(HermesError):
    """A login with a provider could not be made or renewed.

    Args:
        message: One sentence for a person, without any token.
        code: The service's own word (`invalid_grant`, `access_denied`), or ours:
            `unreachable`, `not_understood`, `no_client_id`, `expired_token`.
        is_over: The person has to log in anew; asking again is of no use.
        hint: What the person can do.
    """

    def __init__(
        self, message: str, *, code: str = "", is_over: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.is_over = is_over


class NoModelConfigured(HermesError):
    """No provider has a key, an address or a written choice."""


class StoreError(HermesError):
    """Something about the conversation store."""


class StoreUnavailable(StoreError):
    """The database is locked, full, corrupt or on a network file system."""


class StoreReadOnly(StoreError):
    """The database was written by a newer version."""


class SessionNotFound(StoreError):
    """No conversation has that id or title."""


class TitleTaken(StoreError):
    """Titles are unique."""


class OwnerLost(HermesError):
    """The process that owned the session ended; open the session again."""


class ProviderError(HermesError):
    """A model request failed.

    Args:
        message: One sentence for a person, keys masked.
        reason: `auth`, `billing`, `rate_limit`, `overloaded`, `server_error`,
            `timeout`, `connection`, `context_overflow`, `payload_too_large`,
            `model_not_found`, `format_error`, `malformed`, `cut_stream`,
            `thinking_signature`, `long_context_tier`, `unknown`.
        status: HTTP status, if there was one.
        retry_after_s: The provider's own wish, in seconds.
        retryable: The same bytes may be sent again.
        hint: What the person can do.
        window_tokens: With `context_overflow`: the real window, if the provider said it;
            with `long_context_tier`: what the plan takes.
        output_cap_tokens: With `context_overflow`: the prompt fits, only the asked
            reply length does not; this much is left for the reply.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "unknown",
        status: int | None = None,
        retry_after_s: float | None = None,
        retryable: bool = False,
        hint: str = "",
        window_tokens: int | None = None,
        output_cap_tokens: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s
        self.retryable = retryable
        self.window_tokens = window_tokens
        self.output_cap_tokens = output_cap_tokens


class ContextFull(HermesError):
    """The request would not fit the model's context window."""


class ToolError(HermesError):
    """A failure the model should read and may recover from."""

    def __init__(self, message: str, *, code: str = "error", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class ToolBlocked(ToolError):
    """The guard or the person refused; the model must not retry."""

    def __init__(self, message: str, *, denied: bool = False, hint: str = "") -> None:
        super().__init__(message, code="blocked", hint=hint)
        self.denied = denied


class Cancelled(HermesError):
    """Raised inside tools and requests when the turn is interrupted."""

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)
