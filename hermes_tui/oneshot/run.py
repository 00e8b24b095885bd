"""Run one question through the core and print the answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hermes_core.agent.reply import ReplyText
from hermes_core.agent.sharing.attachment import Attachment
from hermes_core.commands import Interrupt, Submit
from hermes_core.errors import HermesError
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    InputState,
    Notice,
    RequestStarted,
    SessionOpened,
    TurnFinished,
)
from hermes_core.host import Host, HostOptions
from hermes_core.logs import start_logging_as_set
from hermes_core.paths import Home
from hermes_tui.command_line.choosing import chosen_session
from hermes_tui.command_line.streams import takes_unicode
from hermes_tui.core_link.installed_skills import skill_folders, skill_text
from hermes_tui.ending_signals import ending_signals
from hermes_tui.oneshot import printers
from hermes_tui.oneshot.piped_input import piped_text
from hermes_tui.oneshot.question import Question, read_question
from hermes_tui.options import RunOptions

DONE, FAILED, RETRY, INTERRUPTED = 0, 1, 4, 130
DEMO_LINE = "demo model: a small built-in script, not an AI. Set up a real one with: hermes setup"
_RETRYABLE = ("connection", "timeout", "overloaded", "rate_limit", "server_error")


async def ask(options: RunOptions) -> int:
    """Ask the question of `options.query`, print the answer, return the exit code.

    Raises:
        HermesError: Before the turn could start; the command line prints it.
    """
    is_terminal = sys.stdout.isatty()
    host = await Host.open(
        HostOptions(
            home=Home.find(),
            overrides=options.overrides(),
            source=options.source,
            interactive=False,
            allow_demo=is_terminal and options.format == "text" and not options.quiet,
            toolsets=options.toolsets,
            yolo=options.yolo,
            client="one-shot",
        )
    )
    stop_logging = start_logging_as_set(
        host.options.home, host.loaded, verbose=options.verbose, console=options.verbose
    )
    try:
        for warning in host.loaded.warnings if not options.verbose else ():
            _err(f"{warning}\n")
        return await _ask(host, options)
    finally:
        await host.aclose()
        stop_logging()


async def _ask(host: Host, options: RunOptions) -> int:
    session_id = await chosen_session(host.store, options)
    piped = await piped_text(lambda line: _err(f"{line}\n"))
    question = await asyncio.to_thread(
        read_question, options.query or "", image=options.image, piped=piped
    )
    folders = skill_folders(host.options.home, host.loaded.settings)
    preload = await asyncio.to_thread(skill_text, folders, () if session_id else options.skills)
    if session_id and options.skills:
        _err("Skills are loaded into new conversations only.\n")
    handle = await host.open_session(
        session_id,
        model=_asked(options.model, session_id),
        provider=_asked(options.provider, session_id),
        system_message=preload,
    )
    printer = _printer(options, handle.session_id)
    if options.quiet:
        _err(f"session_id: {handle.session_id}\n")
    reply = ReplyText()
    try:
        async with _interruptible(handle):
            await _follow(handle, question, printer, reply, is_new=session_id is None)
    finally:
        await handle.release()
    code = exit_code(reply)
    finish = reply.finish
    if finish is not None and finish.error:
        _err(f"Error: {finish.error}\n")
        if finish.hint:
            _err(f"{finish.hint}\n")
    printer.result(printers.outcome(handle.session_id, reply, exit_code=code))
    return code


_CHILDREN_TELL = (ApprovalRequested, ApprovalResolved, Notice)
"""What child agents do belongs to the call that waits for them; these need the person."""


def _asked(named: str | None, session_id: str | None) -> str:
    """A flag names the model of a conversation that goes on; a new one has it by settings."""
    return (named or "") if session_id is not None else ""


async def _follow(
    handle: Attachment,
    question: Question,
    printer: printers.Printer,
    reply: ReplyText,
    *,
    is_new: bool,
) -> None:
    """Submit, and print what happens until our own turn is over.

    Raises:
        HermesError: The conversation does not take the question.
    """
    last = await handle.history(limit=1)
    from_seq = 0 if is_new or not last else int(last[-1].seq or 0)
    events = handle.events(from_seq)
    sent = await handle.send(
        Submit(
            text=question.text,
            attachments=question.attachments,
            mode="queue",
            client="one-shot",
        )
    )
    if not sent.ok:
        raise HermesError(sent.text or "The question was not taken.")
    input_id = sent.data["input_id"]
    ours: str | None = None
    told = False
    async for event in events:
        if isinstance(event, RequestStarted) and event.provider == "demo" and not told:
            told = True
            _err(DEMO_LINE + "\n")
        match event:
            case InputState(state="delivered", input_id=delivered) if delivered == input_id:
                ours = event.turn_id
        is_of_start = ours is None and isinstance(event, Notice) and event.turn_id is None
        is_ours = ours is not None and event.turn_id == ours
        if isinstance(event, SessionOpened) or is_of_start or is_ours:
            if not event.agent or isinstance(event, _CHILDREN_TELL):
                reply.take(event)
                printer.event(event)
            if isinstance(event, TurnFinished):
                return


@asynccontextmanager
async def _interruptible(handle: Attachment) -> AsyncIterator[None]:
    """Ctrl+C, or being ended, interrupts the turn; the second time it ends the program.

    Dying at once would leave a running command behind. Under nohup a closed terminal
    stays without effect.
    """
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[Any]] = set()
    caught = ending_signals()

    def leave() -> None:
        for number in caught:
            loop.remove_signal_handler(number)

    def interrupt() -> None:
        leave()
        task = asyncio.ensure_future(handle.send(Interrupt(client="one-shot")))
        tasks.add(task)

    for number in caught:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        leave()


def exit_code(reply: ReplyText) -> int:
    """Return the exit code for how the turn ended."""
    finish = reply.finish
    if finish is None or finish.outcome == "failed":
        kind = finish.reason.removeprefix("request_failed:") if finish else ""
        return RETRY if kind in _RETRYABLE else FAILED
    if finish.outcome == "interrupted":
        return INTERRUPTED
    return DONE if finish.outcome == "completed" else FAILED


def _printer(options: RunOptions, session_id: str) -> printers.Printer:
    ascii_only = not takes_unicode()
    if options.format == "json":
        return printers.JsonPrinter(_out, _err, ascii_only=ascii_only)
    if options.format == "stream-json":
        return printers.StreamJsonPrinter(_out, _err, session_id=session_id, ascii_only=ascii_only)
    if options.quiet:
        return printers.QuietPrinter(_out, _err)
    _out(f"Query: {options.query}\n\n")
    return printers.TextPrinter(_out, _err)


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _err(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
