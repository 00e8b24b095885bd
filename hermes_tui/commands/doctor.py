"""`hermes doctor`: what is broken, how to mend it, and mending the simple things."""

from __future__ import annotations

import json
import os
from itertools import groupby

import click

from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_tui.command_line.health import Finding, Surroundings, examine, mended

_SIGNS = {"ok": ("✓", "green"), "warn": ("⚠", "yellow"), "bad": ("✗", "red")}


@click.command()
@click.option("--fix", is_flag=True, help="Make missing files and folders, and tidy.")
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.pass_context
def command(context: click.Context, fix: bool, as_json: bool) -> None:
    """Look for what is broken; fails if anything is."""
    home = Home.find()
    done: list[str] = []
    if fix:
        home.create()
        done = mended(_findings(home))
    findings = _findings(home)
    if as_json:
        _print_json(findings, done)
    else:
        _print_lines(findings, done)
    context.exit(1 if any(finding.state == "bad" for finding in findings) else 0)


def _findings(home: Home) -> list[Finding]:
    return examine(Surroundings(home, load_settings(home), os.environ))


def _print_json(findings: list[Finding], done: list[str]) -> None:
    lines = [
        {"section": one.section, "state": one.state, "text": one.text, "fix": one.fix}
        for one in findings
    ]
    click.echo(json.dumps({"findings": lines, "mended": done}, indent=2, ensure_ascii=False))


def _print_lines(findings: list[Finding], done: list[str]) -> None:
    for line in done:
        click.echo(line)
    for section, members in groupby(findings, key=lambda one: one.section):
        click.echo(section)
        for one in members:
            sign, colour = _SIGNS[one.state]
            mark = sign if os.environ.get("NO_COLOR") else click.style(sign, fg=colour)
            click.echo(f"  {mark} {one.text}")
    issues = [one for one in findings if one.state != "ok"]
    for number, one in enumerate(issues, start=1):
        click.echo(f"{number}. {one.text}: {one.fix}" if one.fix else f"{number}. {one.text}")
    if not issues:
        click.echo("Everything is in order.")
