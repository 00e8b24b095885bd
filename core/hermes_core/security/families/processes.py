"""Processes, services and what starts by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, operands, rule

_OURS = re.compile(r"hermes|gateway", re.IGNORECASE)
_STOPPING = frozenset(
    {"stop", "disable", "mask", "kill", "restart", "isolate", "unload", "bootout", "remove"}
)
_KILL = re.compile(r"-(?:9|KILL|SIGKILL)|-s(?:9|KILL)|--signal=?(?:9|KILL|SIGKILL)?", re.IGNORECASE)


@rule
def services(command: Command, scene: Scene) -> Iterator[Finding]:
    """Stopping services."""
    words = [word.text for word in operands(command)]
    stops = (
        (command.name == "systemctl" and bool(set(words[:1]) & _STOPPING))
        or (command.name == "service" and bool(set(words[1:2]) & _STOPPING))
        or (command.name == "launchctl" and bool(set(words[:1]) & _STOPPING))
        or (command.name in ("rc-service", "sv", "supervisorctl") and bool(set(words) & _STOPPING))
    )
    if stops:
        line = "stops or disables a service"
        yield Finding("stop/disable system service", line, command.fragment)


@rule
def killing(command: Command, scene: Scene) -> Iterator[Finding]:
    """Killing by name, by pattern, and killing this program."""
    if command.name in ("pkill", "killall", "killall5"):
        if any(_KILL.fullmatch(text) for text in command.texts):
            line = "kills every process of that name at once"
            yield Finding("force kill processes", line, command.fragment)
        if any(_OURS.search(text) for text in command.texts):
            line = "would stop this program"
            yield Finding("kill hermes/gateway process", line, command.fragment)
    if command.name == "kill":
        sources = {c.name for c in (*command.substitutions, *command.upstream)}
        if sources & {"pgrep", "pidof", "ps", "lsof"}:
            line = "kills whatever processes the search finds"
            yield Finding("kill process via pgrep expansion", line, command.fragment)


@rule
def own_gateway(command: Command, scene: Scene) -> Iterator[Finding]:
    """Starting our gateway behind the service manager's back."""
    detached = command.background or set(command.wrapped_by) & {"nohup", "setsid"}
    if (
        command.name in ("hermes", "hermes-tui")
        and command.texts[:1] == ("gateway",)
        and set(command.texts) & {"run", "start", "restart"}
        and detached
    ):
        line = "starts the gateway where the service manager cannot see it"
        yield Finding("start gateway outside systemd", line, command.fragment)


@rule
def persistence(command: Command, scene: Scene) -> Iterator[Finding]:
    """Work that runs later by itself."""
    words = [word.text for word in operands(command)]
    later = (
        (command.name == "crontab" and command.texts != ("-l",))
        or (command.name in ("at", "batch") and "-l" not in command.texts)
        or (command.name == "systemctl" and set(words[:1]) & {"enable", "link", "edit"})
        or (command.name == "launchctl" and set(words[:1]) & {"load", "bootstrap", "submit"})
        or command.name == "systemd-run"
    )
    if later:
        yield Finding("persistence", "makes something run later by itself", command.fragment)


@rule
def sudo_password(command: Command, scene: Scene) -> Iterator[Finding]:
    """`sudo` told to take its password from the command."""
    if command.name != "sudo":
        return
    for word in command.args:
        if not word.text.startswith("-"):
            return
        if re.fullmatch(r"-[a-zA-Z]*[SA][a-zA-Z]*|--stdin|--askpass", word.text):
            line = "takes the administrator's password from the command"
            yield Finding("sudo with supplied password", line, command.fragment)
            return
