"""The questions of the setup screen: what is asked, what an answer leads to. No widget here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from hermes_core.errors import HermesError, ProviderError
from hermes_core.providers.local_servers import LocalServer
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.steps import EnterCode, OpenPage
from hermes_core.providers.records import Record
from hermes_tui.matching import matching
from hermes_tui.setup.choice import Choice, NewKey, variable_of_address
from hermes_tui.setup.desk import SetupDesk
from hermes_tui.setup.offers import Offer
from hermes_widgets.fitting import clean
from hermes_widgets.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The end: a model was chosen and written."""

    provider: str
    model: str
    lines: tuple[str, ...]
    """What was done, for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the person logs in meanwhile."""

    about: str
    url: str
    code: str = ""
    """To be typed there."""
    takes_text: bool = False
    """Whether the address it ends at may be typed here, for a browser on another machine."""
    problem: str = ""
    """What was wrong with what was typed last."""


Show: TypeAlias = Callable[[Page], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One step."""

    title: str
    take: Callable[[str], Awaitable[Question | Saved]]
    """Gets the key of a row, or what was typed; returns what comes next."""
    about: str = ""
    rows: tuple[Row, ...] = ()
    """To choose from; none: something is typed."""
    is_hidden: bool = False
    """Whether what is typed must not be seen."""
    takes_text: bool = False
    """Whether what is typed counts where no row has it."""
    hint: str = ""
    """Stands in the empty field."""
    doing: str = ""
    """Said while an answer is worked on."""
    problem: str = ""
    """What was wrong with the last answer."""
    is_first: bool = False
    wait: Callable[[Show], Awaitable[Question | Saved]] | None = None
    """What goes on while it is shown, and what comes next then; nothing has to be answered."""

    def found(self, text: str) -> list[Row]:
        """Return the rows that answer a search, and the text itself where it counts."""
        rows = matching(self.rows, text)
        word = text.strip()
        if self.takes_text and word and all(row.key != word for row in self.rows):
            rows = [*rows, Row(key=word, text=f"Use “{clean(word)}”", note="not in the list")]
        return rows


class Questions:
    """Asks for provider, key and model; nothing is written before the last answer.

    Args:
        desk: Looks, tries and saves.
    """

    def __init__(self, desk: SetupDesk) -> None:
        self._desk = desk
        self._offers: dict[str, Offer] = {}

    async def first(self) -> Question:
        """Return the question for the provider.

        Raises:
            HermesError: The installation is managed, or the settings cannot be read.
        """
        found = await self._desk.look()
        self._offers = {str(at): offer for at, offer in enumerate(found)}
        return Question(
            title="Who answers?",
            about="Keys that were found and model servers of this machine come first.",
            rows=tuple(_offer_row(key, offer) for key, offer in self._offers.items()),
            take=self._provider,
            hint="type to search",
            doing="looking",
            is_first=True,
        )

    async def _provider(self, key: str) -> Question | Saved:
        offer = self._offers[key]
        if offer.server is not None:
            return _server_question(offer.server, self._model)
        if offer.own:
            choice = Choice(provider=f"custom:{offer.own}", label=offer.own)
            return await self._tried(choice)
        if offer.record is None:
            return self._address()
        place = await self._desk.found_key(offer.record)
        if place:
            return self._found_key(offer.record, place)
        if not offer.record.oauth:
            return self._key(offer.record)
        return await self._key_or_login(offer.record)

    # --- logins ------------------------------------------------------------------------

    async def _key_or_login(self, record: Record) -> Question:
        if not record.key_env:
            return await self._login(record)

        async def take(answer: str) -> Question | Saved:
            return self._key(record) if answer == "other" else await self._login(record)

        return Question(
            title=f"How to get in at {record.label}", rows=_other_ways(record), take=take
        )

    async def _login(self, record: Record) -> Question:
        app = await self._desk.login_app(record)
        return self._waiting(record, app) if app.client_id else self._client_id(record, app)

    def _client_id(self, record: Record, app: OAuthApp) -> Question:
        async def take(value: str) -> Question | Saved:
            return self._waiting(record, app.changed(client_id=value))

        return Question(
            title=f"Log in at {record.label}",
            about="That needs the id of an application that is registered there.",
            hint="client id",
            take=take,
        )

    def _waiting(self, record: Record, app: OAuthApp) -> Question:
        handed: asyncio.Queue[str] = asyncio.Queue()

        async def wait(show: Show) -> Question | Saved:
            page = Page(about="", url="")

            def tell(step: OpenPage | EnterCode) -> None:
                nonlocal page
                page = _page(step)
                show(page)

            async def pasted(problem: str) -> str:
                if problem:
                    show(replace(page, problem=problem))
                return await handed.get()

            choice = await self._desk.log_in(record, app, show=tell, pasted=pasted)
            return await self._tried(choice)

        async def take(value: str) -> Question | Saved:
            handed.put_nowait(value)
            return question

        question = Question(
            title=f"Logging in at {record.label}",
            about="Asking where …",
            doing="waiting until you have logged in",
            take=take,
            wait=wait,
        )
        return question

    # --- keys --------------------------------------------------------------------------

    def _found_key(self, record: Record, place: str) -> Question:
        async def take(answer: str) -> Question | Saved:
            if answer == "other":
                return self._key(record)
            if answer == "login":
                return await self._login(record)
            choice = Choice(provider=record.id, label=record.label)
            return await self._tried(choice)

        what = "key" if record.key_env else "login"
        found = Row(key="found", text=f"Use the {what} that is there", note=place, glyph="✓")
        return Question(
            title=f"{what.capitalize()} for {record.label}",
            rows=(found, *_other_ways(record)),
            take=take,
            doing=f"asking {record.label} for its models",
        )

    def _key(self, record: Record) -> Question:
        question = Question(
            title=f"Key for {record.label}",
            about=f"Keys are made at {record.console}" if record.console else "",
            is_hidden=True,
            hint="paste or type the key; it is not shown",
            doing=f"asking {record.label} for its models",
            take=self._nothing,
        )

        async def take(value: str) -> Question | Saved:
            key = NewKey(variable=record.key_env[0], value=value)
            choice = Choice(provider=record.id, label=record.label, key=key)
            return await self._tried(choice, again=replace(question, take=take))

        return replace(question, take=take)

    async def _tried(self, choice: Choice, *, again: Question | None = None) -> Question | Saved:
        """Ask for the models once; what cannot be tried is used only if that is said.

        Args:
            choice: Whom to ask, and with which key.
            again: Asked once more if the key is refused.

        Raises:
            HermesError: It was refused, and nothing can be asked again.
        """
        try:
            choice = await self._desk.place(choice)
            models = await self._desk.models(choice)
        except ProviderError as error:
            problem = f"{error} {error.hint}".strip()
            if error.reason == "auth":
                if again is None:
                    raise
                return replace(again, problem=problem)
            return self._untried(choice, problem)
        return self._model(choice, models)

    def _untried(self, choice: Choice, problem: str) -> Question:
        async def take(answer: str) -> Question | Saved:
            return await self._tried(choice) if answer == "again" else self._model(choice, ())

        return Question(
            title=f"{choice.label} could not be tried",
            problem=problem,
            rows=(
                Row(key="again", text="Try again", glyph=" "),
                Row(key="go", text="Go on without having tried it", glyph=" "),
            ),
            take=take,
            doing=f"asking {choice.label} for its models",
        )

    # --- an address --------------------------------------------------------------------

    def _address(self) -> Question:
        question = Question(
            title="Address",
            about="Of a server that speaks like OpenAI's: llama.cpp, Ollama, vLLM, LM Studio …",
            hint="http://127.0.0.1:8080/v1",
            doing="asking what listens there",
            take=self._nothing,
        )

        async def take(url: str) -> Question | Saved:
            return await self._probed(url, "", again=replace(question, take=take))

        return replace(question, take=take)

    async def _probed(self, url: str, key: str, *, again: Question) -> Question | Saved:
        try:
            probe = await self._desk.probe(url, key)
        except HermesError as error:
            return replace(again, problem=f"{error} {error.hint}".strip())
        if probe.state == "wants_key":
            problem = "It refused that key." if key else ""
            return self._key_of(probe.base_url, problem=problem)
        typed = NewKey(variable=variable_of_address(probe.base_url), value=key) if key else None
        label = f"the server at {probe.base_url}"
        choice = Choice(provider="custom", label=label, base_url=probe.base_url, key=typed)
        if probe.state == "fails":
            return self._unanswered(choice, probe.problem)
        return self._model(choice, probe.models)

    def _key_of(self, url: str, *, problem: str = "") -> Question:
        async def take(value: str) -> Question | Saved:
            return await self._probed(url, value, again=question)

        question = Question(
            title=f"Key for {url}",
            about="It wants a key.",
            is_hidden=True,
            hint="paste or type the key; it is not shown",
            doing="trying the key",
            take=take,
            problem=problem,
        )
        return question

    def _unanswered(self, choice: Choice, problem: str) -> Question:
        async def take(answer: str) -> Question | Saved:
            return self._address() if answer == "other" else self._model(choice, ())

        return Question(
            title=f"{choice.base_url} could not be tried",
            problem=problem,
            rows=(
                Row(key="other", text="Type another address", glyph=" "),
                Row(key="go", text="Go on without having tried it", glyph=" "),
            ),
            take=take,
        )

    # --- the model ---------------------------------------------------------------------

    def _model(self, choice: Choice, models: Sequence[str]) -> Question:
        async def take(model: str) -> Question | Saved:
            lines = await self._desk.save(choice, model)
            return Saved(provider=choice.provider, model=model, lines=tuple(lines))

        count = f"It answered: {len(models)} model{'s' * (len(models) != 1)}."
        return Question(
            title=f"Model of {choice.label}",
            about=count if models else "It was not tried; type the id of a model.",
            rows=tuple(Row(key=name, text=clean(name), glyph=" ") for name in models),
            take=take,
            takes_text=True,
            hint="type to search" if models else "id of the model",
            doing="saving",
        )

    async def _nothing(self, answer: str) -> Question | Saved:
        raise HermesError("There is nothing to answer.")


def _server_question(
    server: LocalServer, model: Callable[[Choice, Sequence[str]], Question]
) -> Question:
    choice = Choice(
        provider="custom", label=f"the server at {server.base_url}", base_url=server.base_url
    )

    async def take(answer: str) -> Question | Saved:
        return model(choice, server.models)

    whose = f", run by {server.account}" if server.account else ""
    return Question(
        title=f"Use what listens at {server.base_url}?",
        about=f"{server.label}{whose}. It will get all you write.",
        rows=(Row(key="yes", text="Yes, use it", glyph=" "),),
        take=take,
    )


def _other_ways(record: Record) -> tuple[Row, ...]:
    """How else one gets in."""
    login = Row(key="login", text="Log in", note="on a page of theirs", glyph=" ")
    key = Row(key="other", text="Type a key", glyph=" ")
    return (*([login] if record.oauth else []), *([key] if record.key_env else []))


def _page(step: OpenPage | EnterCode) -> Page:
    if isinstance(step, EnterCode):
        minutes = max(1, round(step.expires_in_s / 60))
        return Page(
            about=f"Open {step.url} and type this code: {step.code}\nIt is good for {minutes} min.",
            url=step.whole_url or step.url,
            code=step.code,
        )
    return Page(
        about="Log in on the page. If your browser runs elsewhere, type or paste the address it"
        " ends at, or the code it shows.",
        url=step.url,
        takes_text=True,
    )


def _offer_row(key: str, offer: Offer) -> Row:
    return Row(
        key=key,
        text=clean(offer.name),
        note=clean(offer.about),
        glyph="✓" if offer.is_ready else " ",
        glyph_style="$h-ok",
    )
