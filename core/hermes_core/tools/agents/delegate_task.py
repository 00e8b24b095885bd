"""delegate_task: child agents do a part of the work. Touches nothing itself."""

from __future__ import annotations

from typing import Annotated

import msgspec

from hermes_core.errors import ToolError
from hermes_core.ports import ChildResult, DelegatedTask
from hermes_core.tools.base import Tool, ToolContext, ToolResult

LIMIT_KEY = "delegation.max_concurrent_children"

_TOOLSETS = msgspec.Meta(
    description="Toolsets it may use, e.g. `file`, `terminal`; leave out for all of yours."
)


class TaskEntry(msgspec.Struct, frozen=True):
    """One of several tasks."""

    goal: Annotated[str, msgspec.Meta(description="What is to be done, complete in itself.")] = ""
    context: Annotated[
        str | None, msgspec.Meta(description="What it has to know: paths, facts, constraints.")
    ] = None
    toolsets: Annotated[list[str] | None, _TOOLSETS] = None


class DelegateTaskArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    goal: Annotated[
        str | None, msgspec.Meta(description="What one child is to do, complete in itself.")
    ] = None
    context: Annotated[
        str | None, msgspec.Meta(description="What it has to know: paths, facts, constraints.")
    ] = None
    toolsets: Annotated[list[str] | None, _TOOLSETS] = None
    tasks: Annotated[
        list[TaskEntry] | None, msgspec.Meta(description="Several tasks, run at once.")
    ] = None
    max_iterations: Annotated[
        int | None, msgspec.Meta(description="Steps each child may take, 50 at most by default.")
    ] = None


class DelegateTask(Tool[DelegateTaskArgs]):
    """Waits for children."""

    name = "delegate_task"
    toolset = "delegation"
    kind = "other"
    args_type = DelegateTaskArgs

    def preview(self, args: DelegateTaskArgs) -> str:
        """The goal, or how many there are."""
        goals = [task.goal for task in _tasks(args)]
        return goals[0] if len(goals) == 1 else f"{len(goals)} tasks"

    async def run(self, args: DelegateTaskArgs, ctx: ToolContext) -> ToolResult:
        """Run the children and return their reports, in the order of the tasks.

        Raises:
            ToolError: Too many tasks, a task without a goal, or no children here.
        """
        if ctx.delegation is None:
            raise ToolError("Child agents cannot have children of their own.")
        wanted, limits = _tasks(args), ctx.settings.delegation
        if len(wanted) > limits.max_concurrent_children:
            raise ToolError(
                f"{len(wanted)} tasks are too many: {LIMIT_KEY} is "
                f"{limits.max_concurrent_children}. Nothing was started; hand over fewer at once."
            )
        for index, task in enumerate(wanted):
            if not task.goal.strip():
                raise ToolError(f"Task {index} is missing a 'goal'.")
        steps = min(max(1, args.max_iterations or limits.max_iterations), limits.max_iterations)
        results = await ctx.delegation.run(wanted, max_iterations=steps, cancel=ctx.cancel)
        done = sum(result.status == "completed" for result in results)
        data = {
            "results": [msgspec.to_builtins(result) for result in results],
            "total_duration_seconds": max(result.duration_seconds for result in results),
        }
        return ToolResult(
            data=data,
            ok=done > 0,
            summary=f"{done} of {len(results)} done" if len(results) > 1 else results[0].status,
            preview="\n\n".join(_shown(result) for result in results)[:2_000],
        )


def _tasks(args: DelegateTaskArgs) -> list[DelegatedTask]:
    entries = args.tasks or [TaskEntry(args.goal or "", args.context, args.toolsets)]
    return [
        DelegatedTask(
            goal=entry.goal,
            context=entry.context or "",
            toolsets=tuple(entry.toolsets) if entry.toolsets else None,
        )
        for entry in entries
    ]


def _shown(result: ChildResult) -> str:
    words = result.summary or (result.error if isinstance(result.error, str) else "")
    return f"{result.task_index + 1}. {result.status}: {words}".rstrip(": ")
