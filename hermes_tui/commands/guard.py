"""`hermes guard -- COMMAND`: what the command guard says; nothing is run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from hermes_core.security.guard import Verdict, inspect
from hermes_core.security.redaction import redact

_EXIT_CODES = {"allow": 0, "ask": 1, "block": 2}
_ATTENDED = ("tui", "gateway", "api", "acp")
_UNATTENDED = ("oneshot", "cron", "batch")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--json", "as_json", is_flag=True, help="One object with verdict and findings.")
@click.option(
    "--surface",
    type=click.Choice([*_ATTENDED, *_UNATTENDED]),
    default="tui",
    show_default=True,
    help="Where the command would come from.",
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND")
@click.pass_context
def command(context: click.Context, as_json: bool, surface: str, words: tuple[str, ...]) -> None:
    """Judge a shell command without running it.

    Exit code 0: it would run. 1: it would be asked about. 2: it is never run.
    """
    home = Path(os.environ.get("HOME") or Path.home())
    known = {"HERMES_HOME": os.environ["HERMES_HOME"]} if "HERMES_HOME" in os.environ else {}
    verdict = inspect(" ".join(words), cwd=Path.cwd(), home=home, env=known)
    click.echo(_as_json(verdict, surface) if as_json else _as_text(verdict, surface))
    context.exit(_EXIT_CODES[verdict.action])


def _outcome(verdict: Verdict, surface: str) -> str:
    if verdict.action == "ask" and surface in _UNATTENDED:
        return "refused unless settings say otherwise: nobody is present to agree"
    return {"allow": "runs", "ask": "asks first", "block": "never runs"}[verdict.action]


def _as_text(verdict: Verdict, surface: str) -> str:
    lines = [f"{verdict.action}: {_outcome(verdict, surface)}"]
    for finding in verdict.findings:
        lines.append(f"  {finding.key}: {redact(finding.explanation)}")
        if finding.fragment:
            lines.append(f"    {redact(finding.fragment)}")
    return "\n".join(lines)


def _as_json(verdict: Verdict, surface: str) -> str:
    return json.dumps(
        {
            "action": verdict.action,
            "surface": surface,
            "outcome": _outcome(verdict, surface),
            "command": redact(verdict.normalised),
            "findings": [
                {
                    "key": finding.key,
                    "explanation": redact(finding.explanation),
                    "fragment": redact(finding.fragment),
                    "hardline": finding.hardline,
                    "allow_permanent": finding.allow_permanent,
                }
                for finding in verdict.findings
            ],
        },
        ensure_ascii=False,
    )
