"""Commands that show facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.matching import matching
from hermes_tui.slash.command import SlashCommand
from hermes_widgets.fitting import clean, tokens
from hermes_widgets.list_rows import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


async def _tools(host: HermesApp, argument: str) -> None:
    tools = await host.guard(host.workspace.tools()) or []
    rows = [
        Row(
            key=tool.name,
            text=tool.name,
            note=clean(tool.description if tool.is_available else tool.reason),
            right=tool.toolset,
            glyph="✓" if tool.is_available else "·",
            glyph_style="$h-ok" if tool.is_available else "$h-faint",
            style="$h-text" if tool.is_available else "$h-faint",
        )
        for tool in tools
    ]
    count = sum(tool.is_available for tool in tools)
    await host.pick(f"Tools · {count} of {len(tools)} ready", lambda text: matching(rows, text))


async def _usage(host: HermesApp, argument: str) -> None:
    state = host.chat.state
    usage = state.usage
    share = state.used_tokens / state.window_tokens if state.window_tokens else 0
    cost = f"${state.cost_usd:.4f}" if state.has_cost else "unknown"
    lines = [
        f"Read      {tokens(usage.input_tokens)} new",
        f"Cache     {tokens(usage.cache_read_tokens)} read, {tokens(usage.cache_write_tokens)} written",
        f"Written   {tokens(usage.output_tokens)}",
        f"Requests  {usage.requests} in {state.turns} turns",
        f"Context   {tokens(state.used_tokens)} of {tokens(state.window_tokens)}, {share:.0%}",
        f"Cost      {cost}",
    ]
    host.tell("\n".join(lines))


async def _copy(host: HermesApp, argument: str) -> None:
    number = argument or "1"
    if number.isdecimal() and int(number) > 0:
        host.copying.copy_reply(int(number))
    else:
        host.tell_error(
            f"“{argument}” is no number", hint="/copy 2 copies the reply before the last"
        )


async def _keys(host: HermesApp, argument: str) -> None:
    await host.palette.show_help("keys")


async def _help(host: HermesApp, argument: str) -> None:
    await host.palette.show_help(argument)


async def _quit(host: HermesApp, argument: str) -> None:
    await host.leave()


COMMANDS = (
    SlashCommand(name="tools", summary="what the model may call", group="Facts", run=_tools),
    SlashCommand(name="usage", summary="tokens, requests and cost", group="Facts", run=_usage),
    SlashCommand(
        name="copy",
        args="[N]",
        summary="copy the last reply, or an earlier one",
        group="Facts",
        run=_copy,
    ),
    SlashCommand(name="keys", summary="every key", group="Program", run=_keys),
    SlashCommand(
        name="help", args="[word]", summary="commands and keys", group="Program", run=_help
    ),
    SlashCommand(
        name="quit", aliases=("exit", "q"), summary="leave the program", group="Program", run=_quit
    ),
)
