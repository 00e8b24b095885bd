"""What is registered at a provider for logging in: addresses, client id, flow."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urljoin

import msgspec

from hermes_core.errors import LoginError
from hermes_core.providers.address import host_of, is_loopback


class OAuthApp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public client of an authorization server (RFC 6749, section 2.1).

    Addresses may be paths; they are then below `issuer`.
    """

    flow: Literal["", "device", "code", "codex"] = ""
    """How a person logs in: a code typed elsewhere (RFC 8628), a browser that comes back
    to this machine (RFC 7636 and 8252), or OpenAI's own kind of device code."""
    client_id: str = ""
    """Shipped empty: registering a client, or using that of another program, is for the
    person to decide."""
    issuer: str = ""
    issuer_env: tuple[str, ...] = ()
    """Variables that replace `issuer`."""
    authorize_url: str = ""
    device_url: str = ""
    token_url: str = ""
    mint_url: str = ""
    """Where an access token buys the short-lived key that requests are made with."""
    scope: str = ""
    pkce: bool = False
    """A login by code wants a code challenge as that by browser does."""
    redirect_port: int = 0
    """Port of the browser's way back; 0 takes a free one."""
    redirect_path: str = "/callback"

    def address(self, name: str) -> str:
        """The full address of one of the `…_url` fields.

        Raises:
            LoginError: It is not set, or a token would travel unprotected.
        """
        written: str = getattr(self, name)
        url = urljoin(self.issuer.rstrip("/") + "/", written) if written else ""
        if not url.startswith(("https://", "http://")):
            raise LoginError(f"The login has no {name}.", code="no_address")
        if url.startswith("http://") and not is_loopback(url):
            raise LoginError(
                f"{host_of(url)} would get a login over http, which anybody between can read.",
                code="not_protected",
                hint="Use an https address.",
            )
        return url

    def changed(self, **values: Any) -> OAuthApp:
        """The same with other values; empty ones change nothing."""
        return msgspec.structs.replace(self, **{k: v for k, v in values.items() if v})

    def required_client_id(self, provider: str) -> str:
        """The client id.

        Raises:
            LoginError: None is set.
        """
        if self.client_id:
            return self.client_id
        raise LoginError(
            f"No client id is set for logging in at {provider}.",
            code="no_client_id",
            hint=(
                f"Register an application there and set providers.{provider}.oauth.client_id,"
                " or pass --client-id. None is shipped: ids of other programs are theirs."
            ),
        )


def log_in_command(provider: str) -> str:
    """What a person types to log in at a provider."""
    return f"hermes auth add {provider.removeprefix('custom:')} --type oauth"
