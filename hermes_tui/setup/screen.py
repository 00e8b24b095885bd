"""The setup questions over the workspace, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from hermes_core.errors import HermesError
from hermes_tui.screens.sheet import SheetScreen
from hermes_tui.setup.desk import SetupDesk
from hermes_tui.setup.questions import Page, Question, Questions, Saved
from hermes_widgets.fitting import clean, clean_lines
from hermes_widgets.list_rows import RowList
from hermes_widgets.row import Row

Use = Callable[[tuple[str, str, tuple[str, ...]]], Coroutine[Any, Any, None]]
"""Gets provider and model that were written, and what to tell the person."""

_LOOKING = "Looking for keys and model servers on this machine …"


class SetupScreen(SheetScreen[None]):
    """Provider, key, model. Esc goes one question back; nothing is kept before the last.

    Args:
        desk: Looks, tries and saves.
        use: Called once something was saved.
        copy: Puts a text into the clipboard.
    """

    DEFAULT_CSS = """
    SetupScreen > .sheet { height: 80%; padding: 1 0; }
    SetupScreen.-h-compact > .sheet, SetupScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    SetupScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    SetupScreen > .sheet > .sheet-title { padding: 0 2; }
    SetupScreen > .sheet > Input { margin: 1 2; }
    SetupScreen.-h-tiny > .sheet > Input { margin: 0 2; }
    SetupScreen RowList {
        height: 1fr; background: $h-raised; scrollbar-background: $h-raised;
        scrollbar-background-hover: $h-raised; scrollbar-background-active: $h-raised;
    }
    SetupScreen #about { height: auto; max-height: 2; padding: 0 2; color: $h-muted; }
    SetupScreen.-waiting #about { max-height: 6; margin-bottom: 1; color: $h-text; }
    SetupScreen #problem {
        height: auto; max-height: 3; padding: 0 2; margin-bottom: 1; color: $h-bad;
        display: none;
    }
    SetupScreen.-wrong #problem { display: block; }
    SetupScreen #keys { height: 1; margin-top: 1; padding: 0 2; color: $h-faint; }
    SetupScreen.-h-tiny #keys { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="setup.back"),
        Binding("ctrl+c", "leave", "Leave", show=False, id="setup.leave"),
        Binding("up", "move(-1)", "Up", show=False, id="setup.up"),
        Binding("down", "move(1)", "Down", show=False, id="setup.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="setup.page-up", priority=True),
        Binding(
            "pagedown", "move(10)", "Page down", show=False, id="setup.page-down", priority=True
        ),
    ]

    def __init__(self, desk: SetupDesk, *, use: Use, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._questions = Questions(desk)
        self._use = use
        self._copy = copy
        self._asked: list[Question] = []
        """Every question up to the one that is shown."""
        self._is_working = False
        self._page: Page | None = None
        """Where the person logs in while a question waits for that."""
        self.title_line = Static("Set up a model", classes="sheet-title", markup=False)
        self.about = Static(_LOOKING, id="about", markup=False)
        self.entry = Input(compact=True, id="entry")
        self.entry.cursor_blink = False
        self.list = RowList(empty="", note_at=34, is_lit=True)
        self.problem = Static(id="problem", markup=False)
        self.keys = Static("esc close", id="keys", markup=False)

    def compose(self) -> ComposeResult:
        """Title, explanation, field, rows, what was wrong, keys."""
        with Vertical(classes="sheet"):
            yield self.title_line
            yield self.about
            yield self.entry
            yield self.problem
            yield self.list
            yield self.keys

    def on_mount(self) -> None:
        """Look around; that takes up to a second."""
        self.entry.focus()
        self._work(self._questions.first())

    @property
    def question(self) -> Question | None:
        """The one that is shown; None in the first moment."""
        return self._asked[-1] if self._asked else None

    # --- showing -----------------------------------------------------------------------

    def _ask(self, question: Question) -> None:
        """Show a question; one with a problem stands for the one it repeats."""
        before = self._asked[-1] if self._asked else None
        if before is not None and (question.title == before.title or before.wait is not None):
            self._asked.pop()
        self._asked.append(question)
        self._show()

    def _show(self) -> None:
        question, self._page = self._asked[-1], None
        self.title_line.update(clean(question.title))
        self.about.update(clean(question.about))
        self._tell(question.problem)
        self.entry.password = question.is_hidden
        self.entry.placeholder = question.hint
        self.entry.value = ""
        self.entry.display = bool(question.hint)
        self._list("")
        leave = "esc close" if len(self._asked) == 1 else "esc back"
        self.keys.update(f"⏎ {'choose' if question.rows else 'go on'}   {leave}")
        (self.entry if question.hint else self.list).focus()
        self.set_class(question.wait is not None, "-waiting")
        if question.wait is not None:
            self.keys.update(f"{question.doing} …   ⏎ choose   esc back")
            self._work(question.wait(self._wait_at))

    def _wait_at(self, page: Page) -> None:
        """Show where the person logs in, and take what they hand back."""
        self._page = page
        self.about.update(clean_lines(page.about))
        self._tell(page.problem)
        self.entry.display = page.takes_text
        self.entry.placeholder = "the address or the code, if your browser runs elsewhere"
        rows = [
            Row(key="open", text="Open the page", note=clean(page.url), glyph=" "),
            Row(key="copy", text="Copy its address", glyph=" "),
        ]
        if page.code:
            rows.append(Row(key="code", text="Copy the code", note=clean(page.code), glyph=" "))
        self.list.show(rows, keep_cursor=True)
        (self.entry if page.takes_text else self.list).focus()

    def _use_page(self, wish: str) -> None:
        if self._page is None:
            return
        if wish == "open":
            self.app.open_url(self._page.url)
        else:
            self._copy(self._page.code if wish == "code" else self._page.url)

    def _tell(self, problem: str) -> None:
        self.problem.update(clean(problem))
        self.set_class(bool(problem), "-wrong")

    def _list(self, text: str) -> None:
        question = self.question
        if question is not None:
            self.list.show(question.found(text), keep_cursor=not text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._page is None:
            self._list(event.value)

    # --- answering ---------------------------------------------------------------------

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        question, typed = self.question, event.value.strip()
        if question is not None and self._page is not None and typed:
            self.entry.value = ""
            self._tell("")
            self.run_worker(question.take(typed))
            return
        is_typed = question is not None and not question.rows and not question.takes_text
        self._answer(typed if is_typed and self._page is None else self.list.chosen_key)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self._answer(event.key)

    def _answer(self, answer: str) -> None:
        question = self.question
        if self._page is not None:
            self._use_page(answer)
        elif question is not None and answer and not self._is_working:
            self.keys.update(f"{question.doing or 'working'} …   esc back")
            self._work(question.take(answer))

    def _work(self, job: Awaitable[Question | Saved]) -> None:
        self._is_working = True
        self._tell("")
        self.run_worker(self._worked(job), exclusive=True)

    async def _worked(self, job: Awaitable[Question | Saved]) -> None:
        try:
            found = await job
        except (HermesError, OSError) as error:
            hint = error.hint if isinstance(error, HermesError) else ""
            self._is_working = False
            if self._asked and self._asked[-1].wait is not None:
                self._asked.pop()  # it would only wait again
            if self._asked:
                self._show()
            self._tell(f"{error} {hint}".strip())
            return
        self._is_working = False
        if isinstance(found, Question):
            self._ask(found)
        else:
            # The screen's own jobs end with it.
            self.app.run_worker(self._use((found.provider, found.model, found.lines)))
            self.dismiss(None)

    # --- keys --------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the cursor from the field."""
        self.list.action_move(step)

    def action_back(self) -> None:
        """Break off what is under way, else go one question back, else leave."""
        if self._is_working and self._asked:
            self.workers.cancel_node(self)
            self._is_working = False
            if self._asked[-1].wait is not None:
                self._asked.pop()
            self._show()
        elif len(self._asked) > 1:
            self._asked.pop()
            self._show()
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        """Close; nothing was kept."""
        self.dismiss(None)
