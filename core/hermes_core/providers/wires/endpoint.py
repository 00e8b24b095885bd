"""One SDK client kept alive, and one raw request through it.

The SDK's client does authentication, connections and its own headers. Its typed
`create` methods are not used: measured, they spend 0.4 s of the event loop on
walking a request of 3,000 messages, msgspec encodes the same one in 2 ms. So the
body is ours, the response is read as bytes, and events are cut in `sse.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from hermes_core.errors import ConfigError, LoginError, ProviderError
from hermes_core.providers.address import is_local
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.rate_limits import RateLimit, read_rate_limits
from hermes_core.providers.facts.tokens import estimate_request
from hermes_core.providers.failures.classify import (
    RequestFacts,
    classify,
    classify_failure,
    named_error,
)
from hermes_core.providers.failures.failures import Failure, read_body
from hermes_core.providers.logins.tokens import account_of
from hermes_core.providers.wires.client_slot import ClientSlot, Connected
from hermes_core.providers.wires.sse import (
    MAX_EVENT_BYTES,
    EventSplitter,
    EventTooLarge,
    ServerEvent,
)

if TYPE_CHECKING:
    import httpx2

    from hermes_core.providers.resolve import Resolution

_log = logging.getLogger(__name__)

T = TypeVar("T")

_DRAIN_S = 0.05
"""How long to wait for the end of a finished body, so that its connection can be reused."""


class SdkClient(Protocol):
    """What both SDK clients have in common."""

    async def post(self, path: str, **options: Any) -> Any:
        """Send a request; `stream=True` returns the SDK's stream around its response."""
        ...

    async def get(self, path: str, **options: Any) -> Any:
        """Read a resource."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


def ambient_headers(variable: str) -> list[str]:
    """Names of the headers an SDK adds to all requests because of a variable.

    `OPENAI_CUSTOM_HEADERS` and its sibling hold one `Name: value` a line. They are
    meant for the vendor's own host; elsewhere the names found here are left out.
    """
    lines = os.environ.get(variable, "").split("\n")
    return [line.partition(":")[0].strip() for line in lines if ":" in line]


@cache
def trusted_certificates(ca_bundle: str = "") -> ssl.SSLContext:
    """Return the context for HTTPS: the usual certificates, or those of a file alone.

    One for all clients, since reading the certificates takes 18 to 78 ms (measured).

    Raises:
        ConfigError: The file cannot be read as certificates.
    """
    if not ca_bundle:
        import httpx2  # comes with the SDKs, which are imported on first use

        return httpx2.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise ConfigError(
            f"The CA bundle {ca_bundle} cannot be used: {error}",
            hint="HERMES_CA_BUNDLE must name a file of PEM certificates.",
        ) from error


def request_facts(
    resolution: Resolution, request: ModelRequest | None = None, *, key: str = ""
) -> RequestFacts:
    """Return what the classification should know about a request.

    Args:
        resolution: Who is asked.
        request: What is asked.
        key: The key that was sent, to be masked.
    """
    runtime = request.runtime if request else resolution.runtime
    return RequestFacts(
        provider=runtime.provider,
        label=resolution.record.label,
        model=runtime.model,
        base_url=resolution.runtime.base_url,
        console=resolution.record.console,
        key_name=resolution.credential.source,
        key=key,
        is_login=resolution.credential.login is not None,
        est_tokens=estimate_request(request) if request else 0,
        window_tokens=runtime.window_tokens,
        message_count=len(request.messages) if request else 0,
        is_local=is_local(resolution.runtime.base_url),
    )


class Endpoint:
    """Sends requests of one wire to one address with one key.

    Args:
        resolution: Where and with what.
        path: Path of the wire's streaming request, relative to the client's address.
        connect: Imports the SDK and builds its client; run in a thread, because the
            import takes 0.6 s (openai) to 1.7 s (anthropic) and reading the certificates
            some more.
    """

    def __init__(self, resolution: Resolution, path: str, connect: Callable[[], Connected]) -> None:
        self._resolution = resolution
        self._path = path
        self._slot = ClientSlot(connect)
        self._key = resolution.credential.value
        self.rate_limits: tuple[RateLimit, ...] = ()
        """What is left of the provider's limits, as its last answer said."""
        self._pacing = asyncio.Lock()
        self._last_sent = float("-inf")

    async def reconnect(self) -> bool:
        """See `Model.reconnect`."""
        await self._slot.renew()
        return True

    async def aclose(self) -> None:
        """Close the client. It cannot be used afterwards."""
        await self._slot.aclose()

    def facts(self, request: ModelRequest | None = None) -> RequestFacts:
        """What the classification should know about a request."""
        return request_facts(self._resolution, request, key=self._key)

    async def events(
        self, request: ModelRequest, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[ServerEvent, None]:
        """Send `body` and yield the events of the response as they come.

        Closing the iterator closes the response and its connection, not the client.

        Raises:
            ProviderError: Classified.
        """
        deadline = asyncio.get_running_loop().time() + self._resolution.timeouts.whole_s
        async with self._client(request) as connected:
            response = await self._send(connected, request, body, headers, deadline)
            try:
                if not body.get("stream", True):
                    yield await self._whole(request, response, deadline)
                    return
                await self._require_stream(request, response)
                splitter = EventSplitter()
                async with aclosing(self._packets(request, response, deadline)) as packets:
                    async for packet in packets:
                        for event in splitter.feed(packet):
                            yield event
                    for event in splitter.finish():
                        yield event
            except EventTooLarge as error:
                raise self.error("malformed", str(error), request) from error
            finally:
                await response.aclose()

    async def _whole(
        self, request: ModelRequest, response: httpx2.Response, deadline: float
    ) -> ServerEvent:
        """A reply that does not come in pieces, as the one event it is."""
        whole = bytearray()
        async with aclosing(self._packets(request, response, deadline)) as packets:
            async for packet in packets:
                whole += packet
                if len(whole) > MAX_EVENT_BYTES:
                    raise self.error("malformed", "the reply does not end", request)
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            shown = read_body(bytes(whole)).text
            raise self.error("malformed", shown, request)
        return ServerEvent(name="", data=bytes(whole))

    @asynccontextmanager
    async def _client(self, request: ModelRequest | None = None) -> AsyncGenerator[Connected, None]:
        async with AsyncExitStack() as stack:
            try:
                connected = await stack.enter_async_context(self._slot.borrowed())
            except ConfigError:
                raise
            except Exception as error:
                raise classify(error, self.facts(request)) from error
            yield connected

    async def _send(
        self,
        connected: Connected,
        request: ModelRequest,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        deadline: float,
    ) -> httpx2.Response:
        """Send it; with the login's next key if the one it has is refused."""
        content = msgspec.json.encode(body)
        accepted = "text/event-stream" if body.get("stream", True) else "application/json"

        async def once() -> httpx2.Response:
            try:
                key = await self._key_headers()
                async with asyncio.timeout_at(deadline):
                    await self._keep_pace()
                    stream = await connected.client.post(
                        self._path,
                        content=content,
                        cast_to=object,
                        options={"headers": {"Accept": accepted, **headers, **key}},
                        stream=True,
                        stream_cls=connected.stream_class,
                    )
            except (ConfigError, ProviderError):
                raise
            except Exception as error:
                raise await asyncio.to_thread(self._classified, error, request) from error
            response: httpx2.Response = stream.response
            self._note_limits(response)
            return response

        return await self._with_renewal(once)

    def _note_limits(self, response: httpx2.Response) -> None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.rate_limits = read_rate_limits(headers, now=time.time()) or self.rate_limits

    async def _key_headers(self) -> dict[str, str]:
        """The key of a login as it is now; empty for any other, which its client knows."""
        login = self._resolution.credential.login
        if login is None:
            return {}
        try:
            self._key = await login.key()
        except LoginError as error:
            raise self._not_logged_in(error) from error
        headers = {"Authorization": f"Bearer {self._key}"}
        account, name = account_of(self._key), self._resolution.record.account_header
        return {**headers, name: account} if account and name else headers

    async def _with_renewal(self, once: Callable[[], Awaitable[T]]) -> T:
        try:
            return await once()
        except ProviderError as error:
            login = self._resolution.credential.login
            if login is None or error.status != 401 or error.reason != "auth":
                raise
            try:
                await login.other_key(self._key)
            except LoginError as problem:
                raise self._not_logged_in(problem, error.status) from error
        return await once()

    def _not_logged_in(self, error: LoginError, status: int | None = None) -> ProviderError:
        is_away = error.code == "unreachable"
        unpaid = error.code in ("insufficient_credits", "subscription_required")
        return ProviderError(
            str(error),
            reason="connection" if is_away else "billing" if unpaid else "auth",
            status=status,
            retryable=is_away,
            hint=error.hint,
        )

    async def _keep_pace(self) -> None:
        """Wait until the least distance to the last request is kept."""
        delay = self._resolution.rate_limit_delay_s
        if not delay:
            return
        async with self._pacing:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, self._last_sent + delay - now))
            self._last_sent = asyncio.get_running_loop().time()

    def _classified(self, error: Exception, request: ModelRequest) -> ProviderError:
        return classify(error, self.facts(request))

    async def _packets(
        self, request: ModelRequest, response: httpx2.Response, deadline: float
    ) -> AsyncGenerator[bytes, None]:
        packets = response.aiter_bytes()
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    packet = await anext(packets)
            except StopAsyncIteration:
                return
            except Exception as error:
                raise self._mid_stream(error, request) from error
            yield packet

    def _mid_stream(self, error: Exception, request: ModelRequest) -> ProviderError:
        found = classify(error, self.facts(request))
        if found.reason in ("timeout", "context_overflow"):
            return found
        return self.error("cut_stream", str(error), request)

    async def _require_stream(self, request: ModelRequest, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").lower()
        if not kind.startswith(("application/json", "text/html")):
            return
        # A 200 that is no stream: an error object, or a page of whatever lives there.
        try:
            text = (await response.aread()).decode("utf-8", "replace")
        except Exception as error:
            raise self._mid_stream(error, request) from error
        failure = read_body(text)
        if '"error"' in text[:200] and (failure.text or failure.code):
            raise classify_failure(failure, self.facts(request))
        raise self.error("malformed", failure.text or text[:200], request)

    async def drain(self, events: AsyncIterator[ServerEvent]) -> None:
        """Read what is left of a finished response, if it comes at once."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                async for _ in events:
                    pass
        except (TimeoutError, ProviderError) as error:
            # The reply is complete; only the connection is not reused.
            _log.debug("the response was not ended: %s", type(error).__name__)

    def error(
        self, reason: str, text: str, request: ModelRequest, *, retryable: bool = True
    ) -> ProviderError:
        """Return an error of the wire itself, in the words of the table."""
        failure = Failure(text=text)
        return named_error(reason, failure, self.facts(request), retryable=retryable)

    async def listing(self, path: str, headers: Mapping[str, str]) -> Any:
        """Ask the endpoint for its list of models.

        Returns:
            The answer as it came, whatever it is.

        Raises:
            ProviderError: Classified.
        """
        async with self._client() as connected:

            async def once() -> Any:
                key = await self._key_headers()
                get = connected.client.get
                try:
                    options = {"headers": {**headers, **key}}
                    return await get(path, cast_to=object, options=options)
                except Exception as error:
                    raise classify(error, self.facts()) from error

            return await self._with_renewal(once)
