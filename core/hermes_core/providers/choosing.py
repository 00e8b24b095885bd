"""Which models can be switched to, and which one a person means. Pure but for the lists asked.

Nothing here asks a service: what is offered is what the settings name, what the shipped
table knows and what was fetched before.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from hermes_core.config.schema import Settings
from hermes_core.errors import ConfigError, HermesError
from hermes_core.messages import Runtime
from hermes_core.providers.facts.facts import ModelFacts, facts_of, plain_id
from hermes_core.providers.keys.lookup import KeySource, StoredKeys
from hermes_core.providers.local.place import is_model_file
from hermes_core.providers.records import find_record, records
from hermes_core.providers.resolve import Resolution, resolve

SHORT_NAMES = (
    *("sonnet", "opus", "haiku", "claude", "gpt5", "gpt", "codex", "o3", "o4", "gemini"),
    *("deepseek", "grok", "llama", "qwen", "minimax", "nemotron", "kimi", "glm", "step", "mimo"),
    "trinity",
)
"""Families that may be named in place of a model; the newest one is meant."""
MOST_OFFERED = 50
"""Models listed for one provider."""
_ALIKE = 0.9
_NUMBER = re.compile(r"\d+")


class ModelLists(Protocol):
    """Knows the models that were fetched for a provider."""

    def listed(self, provider: str, base_url: str) -> tuple[ModelFacts, ...]:
        """Return them, in the order of the list; empty if nothing was fetched."""
        ...


class Offer(Struct, frozen=True, kw_only=True):
    """A model that can be switched to."""

    model: str
    provider: str
    label: str
    """Of the provider."""
    window_tokens: int = 0
    facts: ModelFacts | None = None


class Wish(Struct, frozen=True):
    """What a person means."""

    model: str
    """Empty: the provider's own."""
    provider: str
    notes: tuple[str, ...] = ()
    """What was guessed or is in doubt, for the person."""


class Offers:
    """Everything that is set up well enough to answer.

    Args:
        settings: Name providers, models and aliases.
        secrets: The keys.
        lists: What was fetched.
        current: Who answers now.
        stored: Keys and logins kept beside those.
    """

    def __init__(
        self,
        settings: Settings,
        secrets: KeySource,
        lists: ModelLists,
        current: Runtime,
        *,
        stored: StoredKeys | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._lists = lists
        self._stored = stored
        self.current = current

    def providers(self) -> list[Resolution]:
        """Every provider that could answer, the current one first."""
        found: dict[str, Resolution] = {}
        for name in self._names():
            # The file that answers now need not be the one in the settings.
            file = self.current.model if name == "local" == self.current.provider else None
            try:
                reached = resolve(
                    self._settings, self._secrets, model=file, provider=name, stored=self._stored
                )
            except HermesError:
                continue  # no key or no address: it is not set up
            found.setdefault(reached.runtime.provider, reached)
        return list(found.values())

    def _names(self) -> Iterator[str]:
        settings = self._settings
        yield self.current.provider
        yield from (name for name in (settings.model.provider,) if name not in ("", "auto"))
        yield from (entry.provider for entry in settings.model_aliases.values() if entry.provider)
        for one in records().values():
            if (one.key_env or one.oauth) and not one.key_optional:
                yield one.id
        yield from (f"custom:{name}" for name in settings.providers if not find_record(name))
        yield from (f"custom:{entry.name}" for entry in settings.custom_providers if entry.name)
        yield "demo"

    def of(self, reached: Resolution) -> list[Offer]:
        """The models of one provider, the current one first."""
        runtime = reached.runtime
        listed = self._lists.listed(runtime.provider, runtime.base_url)
        known = {facts.id: facts for facts in listed if facts.tools is not False}
        ids = [*self._named(reached), *known]
        offers = []
        for model in dict.fromkeys(ids):
            facts = known.get(model) or facts_of(model)
            is_current = (runtime.provider, model) == (self.current.provider, self.current.model)
            window = self.current.window_tokens if is_current else (facts and facts.window) or 0
            offers.append(
                Offer(
                    model=model,
                    provider=runtime.provider,
                    label=_label(reached),
                    window_tokens=window,
                    facts=facts,
                )
            )
        return offers[:MOST_OFFERED]

    def _named(self, reached: Resolution) -> Iterator[str]:
        provider = reached.runtime.provider
        if provider == self.current.provider:
            yield self.current.model
        if reached.runtime.model:
            yield reached.runtime.model
        own = provider.removeprefix("custom:")
        entry = self._settings.providers.get(own)
        if entry is not None:
            yield from entry.models
        for alias in self._settings.model_aliases.values():
            if alias.model and alias.provider == provider:
                yield alias.model

    def all(self) -> list[Offer]:
        """Every model of every provider."""
        return [offer for reached in self.providers() for offer in self.of(reached)]

    # --- what somebody means ----------------------------------------------------------

    def meant(self, typed: str, provider: str = "") -> Wish:
        """Find the model that was typed: a name, a part of one, an alias, `provider:model`.

        Raises:
            ConfigError: Nothing that could be a model.
        """
        typed = typed.strip()
        if " " in typed or not (typed or provider):
            raise ConfigError(f"“{typed}” is no model.", hint="/model shows what there is.")
        if provider:
            return self._at(provider, typed)
        alias = self._alias(typed)
        if alias is not None:
            return alias
        head, _, rest = typed.partition(":")
        if head == "custom" and ":" in rest:
            name, _, model = rest.partition(":")
            return self._at(f"custom:{name}", model)
        if rest and self._is_provider(head):
            return self._at(head, rest)
        return self._anywhere(typed)

    def _alias(self, typed: str) -> Wish | None:
        for name, alias in self._settings.model_aliases.items():
            if alias.model and typed.casefold() in (name.casefold(), alias.model.casefold()):
                return Wish(alias.model, alias.provider or self.current.provider)
        return None

    def _is_provider(self, name: str) -> bool:
        own = (*self._settings.providers, *(one.name for one in self._settings.custom_providers))
        return find_record(name) is not None or name in own

    def _at(self, provider: str, typed: str) -> Wish:
        if find_record(provider) is records()["local"]:
            file = resolve(self._settings, self._secrets, model=typed or None, provider=provider)
            return Wish(file.runtime.model, file.runtime.provider)
        reached = resolve(self._settings, self._secrets, provider=provider)
        name = reached.runtime.provider
        if not typed:
            if reached.runtime.model:
                return Wish(reached.runtime.model, name)
            raise ConfigError(
                f"No model is named for {provider}.", hint=f"/model {provider}:NAME names one."
            )
        return _found(typed, self.of(reached)) or self._as_typed(typed, name, self.of(reached))

    def _anywhere(self, typed: str) -> Wish:
        if is_model_file(typed) and not self.current.provider.startswith("custom"):
            return self._at("local", typed)
        reached = self.providers()
        here = self.of(reached[0]) if reached else []
        is_own = self.current.provider.split(":")[0] in ("custom", "local")
        elsewhere = [] if is_own else [o for one in reached[1:] for o in self.of(one)]
        vendor = typed.replace(":", "/", 1) if "/" not in typed else typed
        for name in dict.fromkeys((typed, vendor)):
            for offers in (here, elsewhere):
                wish = _found(name, offers)
                if wish is not None:
                    return wish
        if not is_own and self._is_provider(typed):
            return self._at(typed, "")
        return self._as_typed(typed, self.current.provider, here)

    def _as_typed(self, typed: str, provider: str, offers: Sequence[Offer]) -> Wish:
        ids = [offer.model for offer in offers]
        near = difflib.get_close_matches(typed, ids, n=3, cutoff=0.5)
        if near and difflib.SequenceMatcher(None, typed, near[0]).ratio() >= _ALIKE:
            return Wish(near[0], provider, (f"“{typed}” was read as {near[0]}.",))
        if len(ids) <= 1:
            return Wish(typed, provider)
        hint = f" Near it: {', '.join(near)}." if near else ""
        return Wish(typed, provider, (f"{typed} is not among the models known there.{hint}",))


def _found(typed: str, offers: Sequence[Offer]) -> Wish | None:
    """The same id, the same in another spelling, the newest of a family, the only part."""
    name, plain = typed.casefold(), plain_id(typed)
    tests: tuple[Callable[[Offer], bool], ...] = (
        lambda offer: offer.model.casefold() == name,
        lambda offer: plain_id(offer.model) == plain,
    )
    for test in tests:
        same = [offer for offer in offers if test(offer)]
        if same:
            return Wish(same[0].model, same[0].provider)
    parts = [offer for offer in offers if name in offer.model.casefold()]
    if name in SHORT_NAMES:
        parts = parts or [one for one in offers if name in plain_id(one.model).replace("-", "")]
        newest = max(parts, key=_age_key, default=None)
        return Wish(newest.model, newest.provider) if newest is not None else None
    if len(parts) == 1:
        return Wish(parts[0].model, parts[0].provider)
    if parts and len({plain_id(part.model) for part in parts}) > 1:
        shown = ", ".join(part.model for part in parts[:5])
        raise ConfigError(f"“{typed}” may be {shown}.", hint="Type more of the name.")
    return Wish(parts[0].model, parts[0].provider) if parts else None


def _age_key(offer: Offer) -> tuple[Iterable[int], int]:
    """Sorts by version; a plain name before its dated twin, dates say nothing of versions."""
    numbers = [int(text) for text in _NUMBER.findall(plain_id(offer.model)) if len(text) < 5]
    return numbers, -len(offer.model)


def _label(reached: Resolution) -> str:
    provider = reached.runtime.provider
    return provider.removeprefix("custom:") if ":" in provider else reached.record.label


def described(runtime: Runtime, facts: ModelFacts | None) -> str:
    """Say in one line what is known of a model: window, longest reply, price, abilities."""
    parts = [f"{runtime.window_tokens // 1000}k window"]
    if facts is not None:
        if facts.max_output:
            parts.append(f"replies up to {facts.max_output // 1000}k")
        if facts.input is not None and facts.output is not None:
            parts.append(f"${facts.input:f} in, ${facts.output:f} out per million tokens")
        able = [name for name in ("tools", "vision", "reasoning") if getattr(facts, name)]
        parts += [", ".join(able)] if able else []
    return " · ".join(parts)
