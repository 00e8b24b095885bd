"""Showing or sending keys, and letting strangers in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, rule
from hermes_core.security.secret_shapes import names_a_secret
from hermes_core.security.words import Word

_HARMLESS = frozenset(
    {"ls", "stat", "test", "[", "cd", "mkdir", "echo", "printf", "git", "chmod", "chown", "file",
     "touch", "ssh-keygen", "ssh-add", "find", "fd", "du", "realpath", "readlink", "basename",
     "dirname", "rm", "unlink", "export"}
)  # fmt: skip
_SENDERS = frozenset(
    {"curl", "wget", "http", "https", "xh", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "mail",
     "sendmail"}
)  # fmt: skip
_ENDPOINT = re.compile(r"/dev/(?:tcp|udp)/")


@rule
def credential_files(command: Command, scene: Scene) -> Iterator[Finding]:
    """A file that holds keys, as an argument or as input."""
    words = [*command.args, *(r.target for r in command.redirects if r.operator == "<")]
    if command.name in _HARMLESS:
        return
    identity = command.name in ("ssh", "scp", "sftp", "mosh", "rsync")
    for index, word in enumerate(words):
        if identity and index and words[index - 1].text in ("-i", "-F"):
            continue
        tail = re.split(r"[@=]", word.text)[-1]
        for text in {word.text, tail}:
            path = scene.path(Word(text, text), command)
            if path is not None and text and scene.places.is_secret(path):
                line = "reads or sends a file that holds keys or logins"
                yield Finding("credential read or upload", line, word.source, scope=path)
                return


@rule
def secret_variables(command: Command, scene: Scene) -> Iterator[Finding]:
    """A variable that holds a secret, in an address or a body that leaves the machine."""
    if command.name not in _SENDERS:
        return
    previous = ""
    for word in command.args:
        in_header = previous in ("-H", "--header", "-u", "--user") or word.text.startswith("-H")
        if not in_header and any(names_a_secret(name) for name in word.variables):
            line = "sends a secret of the environment over the network"
            yield Finding("credential read or upload", line, word.source)
            return
        previous = word.text


@rule
def reverse_shells(command: Command, scene: Scene) -> Iterator[Finding]:
    """A shell whose other end is on the network."""
    pieces = [*command.texts, *(r.target.text for r in command.redirects)]
    listens = command.name in ("nc", "ncat", "netcat") and any(
        re.fullmatch(r"-[a-zA-Z]*[ec][a-zA-Z]*|--(?:sh-)?exec(?:=.*)?", t) for t in command.texts
    )
    bridges = command.name == "socat" and any(
        re.match(r"(?:EXEC|SYSTEM|SHELL):", t, re.IGNORECASE) for t in command.texts
    )
    if listens or bridges or any(_ENDPOINT.match(piece) for piece in pieces):
        line = "opens this machine to another one"
        yield Finding("reverse shell", line, command.fragment)


@rule
def containers(command: Command, scene: Scene) -> Iterator[Finding]:
    """Containers that reach out to the host."""
    if command.name == "nsenter":
        yield Finding("container escape", "enters the host from a container", command.fragment)
    if command.name not in ("docker", "podman", "nerdctl"):
        return
    for index, text in enumerate(command.texts):
        previous = command.texts[index - 1] if index else ""
        mount = text.split("=", 1)[-1] if text.startswith(("-v", "--volume", "--mount")) else ""
        mount = text if previous in ("-v", "--volume", "--mount") else mount
        if (
            text == "--privileged"
            or text.startswith("--privileged=t")
            or re.fullmatch(r"--(?:pid|net|network|ipc|userns|uts)=host", text)
            or re.match(r"(?:-v)?/:", mount)
            or re.search(r"(?:source|src)=/(?:,|$)", mount)
            or "docker.sock" in mount
            or (
                text.startswith("--cap-add") and re.search("ALL|SYS_ADMIN", " ".join(command.texts))
            )
        ):
            line = "gives a container control of this machine"
            yield Finding("container escape", line, command.fragment)
            return
