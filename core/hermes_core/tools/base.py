"""What a tool is: one class in one file, its words for the model beside it.

A tool module holds an arguments struct (its annotations and descriptions make the
JSON schema and validate the call) and one subclass of `Tool`. The text the model
reads is the `.md` file of the same name. Tools are found by `registry.discover`;
adding one edits no list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, cast

import msgspec
from msgspec import Struct, field

from hermes_core.errors import ToolError
from hermes_core.events import FileDiff, ToolKind
from hermes_core.paths import Home, expanded
from hermes_core.ports import (
    CancelToken,
    Checkpoints,
    Delegation,
    Files,
    Permissions,
    Questions,
    Recall,
    Todos,
)

if TYPE_CHECKING:
    from hermes_core.config.schema import Settings

A = TypeVar("A", bound=msgspec.Struct)
S = TypeVar("S")


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a call brought.

    `data` becomes the JSON the model reads; the rest is for people's screens.
    """

    data: dict[str, Any]
    ok: bool = True
    """False marks the line as failed, e.g. a command with exit code 1."""
    summary: str = ""
    """The fact, in at most 12 cells if it can be: `58 lines`, `exit 1`, `+4 −3`."""
    preview: str = ""
    """What a person would look at first; at most 2,000 characters."""
    lines: int = 0
    """How many lines there are of what `preview` may show a part of; 0 if it shows all."""
    diffs: tuple[FileDiff, ...] = ()


class ToolContext(Struct, kw_only=True):
    """The narrow services a call may use. Made anew for each call."""

    session_id: str
    turn_id: str
    call_id: str
    cwd: Path
    """The session's working folder; relative paths start here."""
    home: Home
    settings: Settings
    cancel: CancelToken
    permissions: Permissions
    files: Files
    checkpoints: Checkpoints
    questions: Questions
    todos: Todos
    recall: Recall
    delegation: Delegation | None = None
    """None where this agent may not have children."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The process environment as it was at start."""
    output: Callable[[str, str], None] = lambda stream, chunk: None
    """Show live output: stream name (`stdout`, `stderr`, `progress`) and text."""
    services: Mapping[type[Any], Any] = field(default_factory=dict)
    """Per-session services of one family, by class; see `service`."""

    def service(self, kind: type[S]) -> S:
        """Return the session's instance of a family's own service.

        Raises:
            ToolError: The session has none; the tool should not have been offered.
        """
        try:
            return cast(S, self.services[kind])
        except KeyError as error:
            raise ToolError(f"{kind.__name__} is not available in this session") from error

    def resolve(self, path: str) -> Path:
        """Return `path` made absolute against the working folder, `~` expanded."""
        return self.cwd / expanded(path)


class Tool(Generic[A]):
    """Base of all tools. Class data says what it is; `run` does it."""

    name: ClassVar[str]
    """Wire name, `[a-z0-9_]`, unique."""
    toolset: ClassVar[str]
    """The one toolset that owns it."""
    kind: ClassVar[ToolKind] = "other"
    parallel: ClassVar[Literal["safe", "path", "never"]] = "never"
    """`safe`: may overlap with anything safe; `path`: unless paths overlap."""
    interactive: ClassVar[bool] = False
    """Needs a person present; runs alone."""
    has_effects: ClassVar[bool] = True
    """False for pure readers. A repaired (fuzzy) name never reaches a tool with effects."""
    max_result_chars: ClassVar[int | None] = 100_000
    """Longer results are spilled to a file; None: the tool limits itself."""
    masks_itself: ClassVar[bool] = False
    """True: the tool masks secrets in its own way; else the runner masks the result."""

    args_type: type[A]
    """The arguments struct."""

    def available(self, environ: Mapping[str, str], settings: Settings) -> bool:
        """Whether the model is offered this tool here. Cheap; must not raise."""
        return True

    def preview(self, args: A) -> str:
        """One line for the tool line: the path, the command, the pattern."""
        return ""

    def paths(self, args: A) -> tuple[str, ...]:
        """The paths the call touches, as given, for the parallel rules."""
        return ()

    async def run(self, args: A, ctx: ToolContext) -> ToolResult:
        """Do it.

        Raises:
            ToolError: What the model should read about a failure.
            Cancelled: The turn was interrupted.
        """
        raise NotImplementedError

    # --- derived ---------------------------------------------------------------------

    def description(self) -> str:
        """The words for the model: the `.md` file beside the tool's module."""
        return _words(inspect.getfile(type(self)))

    def schema(self) -> dict[str, Any]:
        """JSON schema `{name, description, parameters}` as the model gets it."""
        return {
            "name": self.name,
            "description": self.description(),
            "parameters": parameters_schema(self.args_type),
        }


@cache
def _words(module_file: str) -> str:
    return Path(module_file).with_suffix(".md").read_text("utf-8").strip()


@cache
def parameters_schema(args_type: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the plain object schema of an arguments struct, references inlined."""
    (schema,), components = msgspec.json.schema_components([args_type])
    resolved = cast(dict[str, Any], _inline(schema, components))
    resolved.pop("title", None)
    return resolved


def _inline(node: Any, components: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, components) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(components[node["$ref"].rsplit("/", 1)[-1]], components)
    return {
        key: _inline(value, components)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
    }
