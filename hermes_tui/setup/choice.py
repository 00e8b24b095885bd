"""What a person chose, how it is tried before it is saved, and how it is saved."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hermes_core.config.editor import ConfigEditor, Edit
from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.errors import ProviderError
from hermes_core.paths import Home
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.keys.lookup import KeySource
from hermes_core.providers.resolve import resolve
from hermes_core.providers.timeouts import Timeouts

_TEST_S = 15.0
_TRIED = Timeouts(connect_s=10.0, read_s=_TEST_S, whole_s=_TEST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was typed. Its value shows up in no representation."""

    variable: str
    """The line of `.env` it goes to."""
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A provider, so far without its model."""

    provider: str
    """Id of the catalogue, `custom`, or a name of the user's own."""
    label: str
    base_url: str = ""
    """Address, for `custom` and where a provider has several."""
    key: NewKey | None = None
    """To be saved; None where the key is there already or none is needed."""
    login: KeyPools | None = field(default=None, repr=False)
    """A login that was just made, so far in memory alone."""

    @property
    def wanted_settings(self) -> dict[str, Any]:
        """The dotted keys that make it the provider, the model left out."""
        reference = self.key is not None and self.provider == "custom"
        return {
            "model.provider": self.provider,
            "model.base_url": self.base_url,
            "model.api_mode": "",
            "model.api_key": f"${{{self.key.variable}}}" if self.key and reference else "",
        }


class TypedKeys:
    """The keys there are, and the one just typed."""

    def __init__(self, known: KeySource, key: NewKey | None) -> None:
        self._known = known
        self._key = key

    def get(self, name: str) -> str | None:
        """See `KeySource`."""
        if self._key is not None and name == self._key.variable:
            return self._key.value
        return self._known.get(name)


def variable_of_address(base_url: str) -> str:
    """Return the variable that holds the key of an address, one for each host and port."""
    place = re.sub(r"[^A-Z0-9]+", "_", urlsplit(base_url).netloc.rpartition("@")[2].upper())
    return f"CUSTOM_{place.strip('_')}_API_KEY"


async def served_models(
    home: Home, choice: Choice, *, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Ask the provider for its models, with the key and in the wire that turns will use.

    Raises:
        ProviderError: It refused the key, or could not be reached.
        HermesError: It cannot even be asked: no key, no address.
    """
    loaded = load_settings(home, environ=environ, overrides=choice.wanted_settings)
    found = resolve(
        loaded.settings,
        TypedKeys(loaded.secrets, choice.key),
        provider=choice.provider,
        model="unnamed",
        stored=choice.login or open_pools(home, loaded, environ=environ),
    )
    model = open_model(msgspec.structs.replace(found, timeouts=_TRIED))
    try:
        async with asyncio.timeout(_TEST_S):
            await model.check_key()
            return tuple(await model.served_models())
    except ProviderError as error:
        if error.reason != "model_not_found":
            raise
        text = f"{choice.label} shows no list of models at {found.runtime.base_url}."
        raise ProviderError(text, status=error.status) from error
    except TimeoutError as error:
        text = f"{choice.label} did not answer in {_TEST_S:g} s."
        raise ProviderError(text, reason="timeout", retryable=True) from error
    finally:
        await model.aclose()


def save_key(editor: ConfigEditor, choice: Choice) -> Edit | None:
    """Write a key that was typed to `.env`; None if there was none.

    Raises:
        ConfigError: The value is impossible, or the install is managed.
        OSError: The file cannot be written.
    """
    if choice.key is None:
        return None
    return editor.set_secret(choice.key.variable, choice.key.value)


def told_of_key(edit: Edit, choice: Choice, environ: Mapping[str, str]) -> list[str]:
    """Say where a key went, and what is stronger than it."""
    lines = [f"The key is saved as {edit.key} in {edit.file}."]
    exported = environ.get(edit.key, "").strip()
    if choice.key is not None and exported and exported != choice.key.value:
        lines.append(f"Warning: the exported variable {edit.key} wins over it.")
    return lines


def overridden(home: Home, environ: Mapping[str, str]) -> list[str]:
    """Say which variables are stronger than the model that was written."""
    return [
        f"Warning: {warning}"
        for warning in load_settings(home, environ=environ).warnings
        if warning.kind == "override" and warning.key.startswith("model.")
    ]


def save_login(home: Home, loaded: LoadedSettings, choice: Choice) -> str:
    """Keep a login that was made; return what it is called, empty if there is none.

    Raises:
        ConfigError: The file cannot be written.
    """
    if choice.login is None:
        return ""
    pools = open_pools(home, loaded)
    kept = [pools.adopt(choice.provider, one) for one in choice.login.entries(choice.provider)]
    return ", ".join(entry.label for entry in kept)


def save_model(editor: ConfigEditor, loaded: LoadedSettings, choice: Choice, model: str) -> Edit:
    """Write provider, address and model in one step; what belonged to the old ones goes.

    A key in `model.api_key` would go to the new provider, and a written window would be
    taken for the new model's: both stay only where provider, address and model do.

    Raises:
        ConfigError: A value is impossible, or the install is managed.
        OSError: The file cannot be written.
    """
    wanted = choice.wanted_settings
    old = loaded.settings.model
    is_same_place = (old.provider, old.base_url) == (choice.provider, choice.base_url)
    if is_same_place and choice.key is None:
        wanted = {"model.provider": choice.provider, "model.base_url": choice.base_url}
    values: dict[str, Any] = {}
    if isinstance(loaded.written.get("model"), str):
        values["model"] = None  # the short spelling makes room for the section
    values |= {key: value or None for key, value in wanted.items()}
    values |= {"model.model": None, "model.default": model or None}
    if not is_same_place or old.default != model:
        values["model.context_length"] = None
    return editor.set_values(values)
