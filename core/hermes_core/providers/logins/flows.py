"""The ways to log in, by the name an application is registered with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from hermes_core.errors import LoginError
from hermes_core.providers.logins.code_flow import code_flow
from hermes_core.providers.logins.codex_flow import codex_flow
from hermes_core.providers.logins.device_flow import device_flow
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.steps import LoginStep


def log_in(
    app: OAuthApp,
    provider: str,
    post: Post,
    *,
    pasted: Callable[[str], Awaitable[str]] | None = None,
) -> AsyncGenerator[LoginStep, None]:
    """Yield the steps of a login; nothing is kept, and leaving early leaves nothing behind.

    Args:
        app: Where to log in and as whom.
        provider: Its id, for messages.
        post: Sends requests.
        pasted: See `code_flow`.

    Raises:
        LoginError: There is no such way, no client id, or the login fails (while it runs).
    """
    if not app.flow:
        raise LoginError(
            f"{provider} has no way to log in.",
            code="no_flow",
            hint=f"providers.{provider}.oauth in config.yaml describes one.",
        )
    client_id = app.required_client_id(provider)
    if app.flow == "device":
        return device_flow(app, client_id, post)
    if app.flow == "codex":
        return codex_flow(app, client_id, post)
    return code_flow(app, client_id, post, pasted=pasted)
