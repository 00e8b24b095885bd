"""Tools that destroy what runs elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, rule

_DESTROYS = {
    "terraform": r"destroy|apply .*(?:-destroy|-auto-approve)|state rm",
    "tofu": r"destroy|apply .*(?:-destroy|-auto-approve)|state rm",
    "pulumi": r"destroy|stack rm",
    "kubectl": r"(?:\S+ )*(?:delete|drain)\b",
    "helm": r"(?:\S+ )*(?:uninstall|delete)\b",
    "aws": r"(?:\S+ )*(?:s3 rm .*--recursive|s3 rb|s3 sync .*--delete|(?:delete|terminate|purge|deregister)-[a-z-]+)",
    "gcloud": r"(?:\S+ )*delete\b",
    "az": r"(?:\S+ )*(?:delete|purge)\b",
    "gsutil": r"(?:\S+ )*(?:rm .*-r|rm -r|rb)\b",
    "docker": r"(?:system|volume|image|builder|container|network) prune|volume rm|compose .*down .*(?:-v|--volumes)",
    "podman": r"(?:system|volume|image|container) (?:prune|reset)|volume rm",
    "gh": r"(?:repo|release|secret) delete",
    "heroku": r"(?:apps:)?destroy|pg:reset",
    "doctl": r"(?:\S+ )*(?:delete|rm)\b",
    "vagrant": r"destroy",
    "fly": r"(?:apps )?destroy",
    "flyctl": r"(?:apps )?destroy",
}


@rule
def destroyed(command: Command, scene: Scene) -> Iterator[Finding]:
    """The destroying verbs of each tool."""
    pattern = _DESTROYS.get(command.name)
    if pattern is None:
        return
    texts = list(command.texts)
    while texts and texts[0].startswith("-"):
        texts = texts[1:]
    if re.match(pattern, " ".join(texts)[:2000]):
        line = "destroys things that may not come back"
        yield Finding("infrastructure destroy", line, command.fragment)
