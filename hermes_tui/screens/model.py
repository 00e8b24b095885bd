"""Which model answers: providers on the left, their models on the right."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from hermes_core.commands import Reply, SetRuntime
from hermes_core.messages import Runtime
from hermes_tui.core_link.workspace import ModelInfo
from hermes_tui.matching import matching
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_tui.slash.model import pick_model, switch_by_words
from hermes_widgets.fitting import clean, tokens
from hermes_widgets.list_rows import RowList
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

Choose = Callable[[SetRuntime], Coroutine[Any, Any, Reply]]
_WIDE_FROM = 100
_NOTES = 34
_NOTES_NARROW = 26
"""Column of the notes, on a narrow screen too."""
_KEYS = "⏎ switch   tab providers   f4 keep for new conversations   esc close"


class ModelScreen(SheetScreen[None]):
    """Pick a provider and a model; typing searches the models of all providers.

    Args:
        models: What there is, the current one first.
        current: Who answers now.
        choose: Switches.
    """

    DEFAULT_CSS = """
    ModelScreen > .sheet { width: 100%; max-width: 130; height: 80%; padding: 1 0; }
    ModelScreen.-h-compact > .sheet, ModelScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    ModelScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    ModelScreen > .sheet > .sheet-title { padding: 0 2; }
    ModelScreen > .sheet > Input { margin: 1 2; }
    ModelScreen.-h-tiny > .sheet > Input { margin: 0 2; }
    ModelScreen RowList {
        background: $h-raised; scrollbar-background: $h-raised;
        scrollbar-background-hover: $h-raised; scrollbar-background-active: $h-raised;
    }
    ModelScreen #providers { width: 30; }
    ModelScreen.-w-narrow #providers { width: 28; }
    ModelScreen.-w-tiny #providers { display: none; }
    ModelScreen #models { width: 1fr; }
    ModelScreen Horizontal { width: 100%; height: 1fr; }
    ModelScreen #about { height: 1; padding: 0 2; color: $h-muted; }
    ModelScreen #keys { height: 1; padding: 0 2; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Close", show=False, id="model.leave"),
        Binding("tab,shift+tab", "other", "Other column", show=False, id="model.column"),
        Binding("f4", "keep", "Keep", show=False, id="model.keep"),
        Binding("up", "move(-1)", "Up", show=False, id="model.up"),
        Binding("down", "move(1)", "Down", show=False, id="model.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="model.page-up", priority=True),
        Binding(
            "pagedown", "move(10)", "Page down", show=False, id="model.page-down", priority=True
        ),
    ]

    def __init__(
        self, models: Sequence[ModelInfo], *, current: Runtime | None, choose: Choose
    ) -> None:
        super().__init__()
        self._models = tuple(models)
        self._current = current
        self._choose = choose
        self.is_kept = False
        """Whether new conversations get the model too."""
        self.search = Input(placeholder="type to search", compact=True)
        self.search.cursor_blink = False
        self.providers = RowList(id="providers")
        self.models = RowList(id="models", empty="No model matches.", is_lit=True, note_at=_NOTES)
        self.about = Static(id="about", markup=False)

    def compose(self) -> ComposeResult:
        """Who answers now, a search line, two columns, what is under the cursor."""
        now = self._current
        title = f"Model · now {now.model} via {now.provider}" if now else "Model"
        with Vertical(classes="sheet"):
            yield sheet_title(title)
            yield self.search
            with Horizontal():
                yield self.providers
                yield self.models
            yield self.about
            yield Static(_KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """The current provider and its models."""
        labels = dict.fromkeys(
            (info.provider, info.label or info.provider) for info in self._models
        )
        self.providers.show(
            [
                Row(
                    key=provider,
                    text=clean(label),
                    right=str(sum(info.provider == provider for info in self._models)),
                    glyph="●" if self._current and provider == self._current.provider else " ",
                    glyph_style="$h-gold",
                )
                for provider, label in labels
            ]
        )
        self._show()
        self.search.focus()

    def _show(self) -> None:
        text = self.search.value
        provider = self.providers.chosen_key
        shown = [info for info in self._models if text.strip() or info.provider == provider]
        rows = matching([self._row(info, with_label=bool(text.strip())) for info in shown], text)
        self.models.show(rows, keep_cursor=not text)
        self._explain()

    def _row(self, info: ModelInfo, *, with_label: bool) -> Row:
        now = self._current
        is_current = now is not None and (now.provider, now.model) == (info.provider, info.model)
        able = "" if self._is_narrow else ", ".join(info.abilities)
        notes = [info.label if with_label else "", info.price, able]
        return Row(
            key=key_of(info),
            text=clean(info.model),
            note="  ".join(note for note in notes if note),
            right=tokens(info.window_tokens) if info.window_tokens else "",
            glyph="●" if is_current else " ",
            glyph_style="$h-gold",
        )

    @property
    def _is_narrow(self) -> bool:
        """Whether there is no room beside names for all that is known of a model."""
        return self.app.size.width < _WIDE_FROM

    def on_resize(self) -> None:
        """Give names and notes their columns."""
        self.models.align_notes(_NOTES_NARROW if self._is_narrow else _NOTES)
        if self.providers.rows:
            self._show()

    def _explain(self) -> None:
        info = self._chosen()
        words = "for this conversation" if not self.is_kept else "for this and new conversations"
        about = [f"Switches {words}"]
        if info is not None:
            about += [f"{info.price} per million tokens, in and out" if info.price else "no price"]
            about += [", ".join(info.abilities)] if info.abilities else []
        self.about.update(Content(" · ".join(about)))

    def _chosen(self) -> ModelInfo | None:
        key = self.models.chosen_key
        return next((info for info in self._models if key_of(info) == key), None)

    @on(Input.Changed)
    def _searched(self) -> None:
        self._show()

    @on(RowList.Highlighted, "#providers")
    def _provider_shown(self) -> None:
        self._show()

    @on(RowList.Highlighted, "#models")
    def _model_shown(self) -> None:
        self._explain()

    @on(RowList.Chosen, "#providers")
    def _provider_chosen(self) -> None:
        self.search.focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._switch()

    @on(RowList.Chosen, "#models")
    def _model_chosen(self) -> None:
        self._switch()

    def _switch(self) -> None:
        info = self._chosen()
        if info is not None:
            self._ask(info)

    def _ask(self, info: ModelInfo) -> None:
        command = SetRuntime(
            model=info.model, provider=info.provider, persist=self.is_kept, client="screen"
        )
        # The screen's own jobs end with it.
        self.app.run_worker(self._choose(command))
        self.dismiss(None)

    def action_other(self) -> None:
        """Move between the providers and the search line over the models."""
        (self.search if self.providers.has_focus else self.providers).focus()

    def action_keep(self) -> None:
        """Say whether new conversations get the model too."""
        self.is_kept = not self.is_kept
        self._explain()

    def action_move(self, step: int) -> None:
        """Move the cursor from the search line."""
        (self.providers if self.providers.has_focus else self.models).action_move(step)

    def action_leave(self) -> None:
        """Close; the model stays."""
        self.dismiss(None)


def key_of(info: ModelInfo) -> str:
    """Return what a row stands for."""
    return f"{info.provider}\n{info.model}"


async def _build(host: HermesApp, argument: str) -> ModelScreen | None:
    if argument:
        await switch_by_words(host, argument)
        return None
    runtime = host.chat.state.runtime
    models = await host.guard(host.workspace.models(runtime))
    if models is None:
        return None
    return ModelScreen(models, current=runtime, choose=host.command)


async def _cut_to_end(host: HermesApp) -> bool:
    """Where something is typed the key cuts to the end of the line, as shells do."""
    composer = host.chat.composer
    if not composer.draft or host.focused is not composer.area:
        return False
    composer.area.action_cut("line-end")
    return True


SCREENS = (
    ScreenSpec(
        id="model.choose",
        title="Model",
        key="ctrl+k",
        instead=_cut_to_end,
        rank=12,
        command="model",
        args="[name]",
        summary="show or switch the model; --global keeps it",
        group="Model",
        build=_build,
        in_lines=pick_model,
    ),
)
