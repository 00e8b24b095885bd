"""The floor: what is refused everywhere, in every mode, whatever was allowed before.

Source: terminal-security, "Decision pipeline", 2.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, has_flag, operands
from hermes_core.security.words import Word

_SYSTEM_ROOTS = frozenset(
    {
        "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/opt",
        "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/var", "/usr/bin", "/usr/lib",
        "/usr/lib64", "/usr/sbin", "/usr/local", "/usr/share", "/var/lib", "/var/log", "/private",
        "/private/etc", "/private/var", "/users", "/system", "/library", "/applications", "/volumes",
    }
)  # fmt: skip
_POWER = frozenset({"shutdown", "reboot", "halt", "poweroff"})
_SYSTEMCTL_POWER = frozenset({"poweroff", "reboot", "halt", "kexec", "emergency", "rescue"})
_GLOB_ALL = re.compile(r"(?:\*+|\.\*|\.\[\^?!?\.\]\*|\{\*,\.\*\}|\?\*)")
_ROUGH = re.compile(
    r"\brm\b[^\n;|&]{0,200}\s-{1,2}(?:[a-zA-Z]*[rR]|recursive)[^\n;|&]{0,200}\s[\"']?(?:/|~/?|\$\{?HOME\}?/?)\*?[\"']?(?:\s|[;|&)]|$)"
    r"|\bmkfs(?:\.\w+)?\s+\S*/dev/|>\s*/dev/(?:sd|nvme|vd|xvd|hd)[a-z0-9]"
    r"|\bdd\b[^\n;|&]{0,200}\bof=/dev/(?:sd|nvme|vd|xvd|hd)"
)


def hardline(command: Command, scene: Scene) -> Iterator[Finding]:
    """Yield what must never run, for one simple command."""
    yield from _wipes(command, scene)
    yield from _disks(command, scene)
    yield from _power(command)


def rough_hardline(text: str) -> Iterator[Finding]:
    """The same by pattern, for text that could not be read as shell."""
    match = _ROUGH.search(text)
    if match:
        line = "looks like wiping a disk, the system or the home folder"
        yield _refusal("delete in root path", line, match[0].strip())


def _refusal(key: str, explanation: str, fragment: str) -> Finding:
    return Finding(key, explanation, fragment, hardline=True, allow_permanent=False)


def _wipes(command: Command, scene: Scene) -> Iterator[Finding]:
    if command.name in ("rm", "grm", "srm", "rimraf"):
        recursive = has_flag(command, "rR", "--recursive") or command.name == "rimraf"
        targets = operands(command)
        if "--no-preserve-root" in command.texts:
            targets = targets or list(command.args)
    elif command.name in ("find", "gfind"):
        deletes = "-delete" in command.texts or any(
            posixpath.basename(t) in ("rm", "shred") for t in command.texts
        )
        recursive = deletes and not any(
            t in ("-name", "-iname", "-path", "-regex", "-mtime", "-type", "-maxdepth")
            for t in command.texts
        )
        targets = []
        for word in command.args:
            if word.text.startswith(("-", "(", "!")):
                break
            targets.append(word)
    else:
        return
    if not recursive:
        return
    for word in targets:
        if is_root_like(word, command, scene):
            yield _refusal(
                "delete in root path",
                f"deletes {word.source}: the system's or your whole home folder",
                command.fragment,
            )
            return


def is_root_like(word: Word, command: Command, scene: Scene) -> bool:
    """Whether a word names the root, a top folder of the system, or the home or above it."""
    path = scene.path(word, command)
    if path is None:
        return False
    head, tail = posixpath.split(path)
    if _GLOB_ALL.fullmatch(tail):
        path = head or "/"
    home = scene.home.rstrip("/") or "/"
    folded = path.casefold()
    return folded in _SYSTEM_ROOTS or path == home or home.startswith(path.rstrip("/") + "/")


def _disks(command: Command, scene: Scene) -> Iterator[Finding]:
    name = command.name
    if re.fullmatch(r"mkfs(\..+)?|mke2fs|newfs|mkntfs", name) and operands(command):
        yield _refusal("format filesystem", "makes a new, empty file system", command.fragment)
    if name == "wipefs" and has_flag(command, "ao", "--all", "--offset"):
        yield _refusal("format filesystem", "wipes a disk's signatures", command.fragment)
    targets = [r.target for r in command.redirects if r.writes]
    if name in ("tee", "sponge", "shred"):
        targets += operands(command)
    elif name in ("cp", "mv", "install"):
        targets += operands(command)[-1:]
    elif name == "dd":
        targets += [
            Word(w.text[3:], w.source[3:]) for w in command.args if w.text.startswith("of=")
        ]
    for word in targets:
        if scene.concern(word, command) == "device":
            line = f"overwrites the disk {word.source}"
            yield _refusal("write to block device", line, command.fragment)
            return


def _power(command: Command) -> Iterator[Finding]:
    words = [word.text for word in operands(command)]
    if (
        (command.name in _POWER and not set(command.texts) & {"--help", "--version", "-c"})
        or (command.name in ("init", "telinit") and words[:1] in (["0"], ["6"]))
        or (command.name in ("systemctl", "loginctl") and set(words[:1]) & _SYSTEMCTL_POWER)
    ):
        line = "switches the machine off or restarts it"
        yield _refusal("shut down the machine", line, command.fragment)
    if command.name == "kill" and command.texts and command.texts[-1] == "-1" and "-l" not in words:
        line = "kills every process it can reach"
        yield _refusal("kill all processes", line, command.fragment)
