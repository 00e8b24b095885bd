"""Model servers at an address: what listens on this machine, what a typed address serves.

Only the list of models is asked for (`GET …/models`), so that a listener which turns out
to be something else learns nothing: no prompt, no key, no proxy in between, no redirect
followed. Nothing here runs on a start; a person asks for it (`hermes setup`).

Source: the servers' manuals on their default ports and their OpenAI-compatible lists.
"""

from __future__ import annotations

import asyncio
import pwd
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hermes_core.providers.address import clean_base_url, is_local
from hermes_core.providers.facts.listings import read_listing
from hermes_core.providers.wires.endpoint import trusted_certificates

PORTS: Mapping[int, str] = {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM"}
"""Where these servers listen unless told otherwise; anything else may as well."""
LOCAL_TIMEOUT_S = 2.0
ADDRESS_TIMEOUT_S = 5.0

_MAX_BYTES = 8 * 1024 * 1024
_SOCKET_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"


class LocalServer(Struct, frozen=True):
    """Something on the loopback that lists models."""

    label: str
    """The program that usually listens there; not proven."""
    base_url: str
    models: tuple[str, ...]
    account: str = ""
    """Who runs the listening process, empty where the system does not tell."""


class Probe(Struct, frozen=True):
    """What an address answered."""

    base_url: str
    """The address that works, else the one that was asked for."""
    state: Literal["serves", "wants_key", "fails"]
    models: tuple[str, ...] = ()
    problem: str = ""
    """With `fails`: why, in a few words."""


async def find_local_servers(
    ports: Mapping[int, str] = PORTS, *, timeout_s: float = LOCAL_TIMEOUT_S
) -> tuple[LocalServer, ...]:
    """Ask the loopback which model servers listen, all ports at once.

    Args:
        ports: Port to the label of the program expected there.
        timeout_s: Limit for each, in seconds.
    """
    found = await asyncio.gather(
        *(_ask_port(port, label, timeout_s) for port, label in ports.items())
    )
    return tuple(server for server in found if server is not None)


async def probe_address(
    url: str, *, key: str = "", ca_bundle: str = "", timeout_s: float = ADDRESS_TIMEOUT_S
) -> Probe:
    """Ask an address for its models, with and without `/v1`.

    Args:
        url: As a person typed it.
        key: Sent as a bearer token if given; it must be meant for this address.
        ca_bundle: File of trusted certificates instead of the system's.
        timeout_s: Limit for each of the two requests, in seconds.

    Raises:
        ConfigError: Not an address, or the certificates cannot be used.
    """
    typed = clean_base_url(url)
    other = typed.removesuffix("/v1") if typed.endswith("/v1") else f"{typed}/v1"
    answers = [
        await _ask(candidate, key=key, ca_bundle=ca_bundle, timeout_s=timeout_s)
        for candidate in (typed, other)
    ]
    for state in ("serves", "wants_key"):
        for answer in answers:
            if answer.state == state:
                return answer
    return answers[0]


async def _ask_port(port: int, label: str, timeout_s: float) -> LocalServer | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    answer = await _ask(base_url, timeout_s=timeout_s)
    if answer.state != "serves":
        return None
    account = await asyncio.to_thread(account_of_port, port)
    return LocalServer(label, base_url, answer.models, account)


async def _ask(base_url: str, *, timeout_s: float, key: str = "", ca_bundle: str = "") -> Probe:
    import httpx2  # comes with the SDKs, which are imported on first use

    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        verify = await asyncio.to_thread(trusted_certificates, ca_bundle)
        async with (
            asyncio.timeout(timeout_s),
            httpx2.AsyncClient(
                verify=verify, follow_redirects=False, trust_env=not is_local(base_url)
            ) as client,
            client.stream("GET", f"{base_url}/models", headers=headers) as response,
        ):
            if response.status_code in (401, 403):
                return Probe(base_url, "wants_key")
            if response.status_code != 200:
                problem = f"it answered {response.status_code}"
                return Probe(base_url, "fails", problem=problem)
            answer = msgspec.json.decode(await _body(response.aiter_bytes()))
    except TimeoutError:
        return Probe(base_url, "fails", problem=f"no answer in {timeout_s:g} s")
    except msgspec.DecodeError:
        return Probe(base_url, "fails", problem="the answer is no list of models")
    except (httpx2.HTTPError, OSError) as error:
        return Probe(base_url, "fails", problem=str(error) or type(error).__name__)
    if not (isinstance(answer, dict) and isinstance(answer.get("data"), list)):
        return Probe(base_url, "fails", problem="the answer is no list of models")
    return Probe(base_url, "serves", tuple(one.id for one in read_listing(answer)))


async def _body(pieces: Any) -> bytes:
    whole = bytearray()
    async for piece in pieces:
        whole += piece
        if len(whole) > _MAX_BYTES:
            raise OSError(f"more than {_MAX_BYTES} bytes")
    return bytes(whole)


def account_of_port(port: int, tables: Iterable[Path] = _SOCKET_TABLES) -> str:
    """Return the names of the accounts that listen on a TCP port, empty if unknown.

    Linux tells it for every account's sockets; other systems only to an administrator.

    Args:
        port: 1 to 65535.
        tables: The kernel's lists of TCP sockets.
    """
    return ", ".join(sorted({_account(uid) for uid in _listening_uids(port, tables)}))


def _listening_uids(port: int, tables: Iterable[Path]) -> Iterator[int]:
    for table in tables:
        if not table.is_file():
            continue
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            # sl local_address rem_address st tx:rx tr:when retrnsmt uid …
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                yield int(fields[7])


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
