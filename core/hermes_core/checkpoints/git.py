"""Git as an object store of ours: own repository, own environment, nobody's settings.

Every call names the repository, the working tree and the index itself; settings,
hooks, signing, templates, filters and line-end rules of the user play no part, so
bytes go in and out unchanged and the user's own repository is never touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hermes_core.errors import HermesError

EXCLUDED = tuple(
    """
    node_modules dist build target .env* __pycache__ *.pyc *.log .cache .next .nuxt coverage
    .pytest_cache .mypy_cache .ruff_cache .hypothesis .tox .venv venv .git .hg .DS_Store
    """.split()  # noqa: SIM905  a list of words reads better in one block
)
"""Names never saved: caches, builds, secrets."""

_SETTINGS = (
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.fileMode=true",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "gc.auto=0",
    "commit.gpgSign=false",
    "advice.addEmbeddedRepo=false",
)


class CheckpointError(HermesError):
    """A snapshot could not be taken, found or restored."""


class GitRepository:
    """Runs git commands on one bare repository. All methods block.

    Args:
        folder: The repository; made on first use.
        environ: For PATH alone.
        timeout_s: For one command.
    """

    def __init__(self, folder: Path, environ: dict[str, str], *, timeout_s: float = 30.0) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        self._path = environ.get("PATH", os.defpath)
        self._program = shutil.which("git", path=self._path)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    @property
    def is_usable(self) -> bool:
        """Whether git is installed."""
        return self._program is not None

    def create(self) -> None:
        """Make the repository if it is missing.

        Raises:
            CheckpointError: git is missing or failed.
        """
        if (self._folder / "info" / "attributes").exists():  # written last
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run(["init", "--quiet", "--bare", "--template=", str(self._folder)])
        info = self._folder / "info"
        info.mkdir(exist_ok=True)
        (info / "exclude").write_text("\n".join(EXCLUDED) + "\n", "utf-8")
        (info / "attributes").write_text(
            "* -text -eol -filter -ident -working-tree-encoding -export-subst\n", "utf-8"
        )

    def run(
        self,
        arguments: Sequence[str],
        *,
        data: bytes | None = None,
        tree: Path | None = None,
        index: Path | None = None,
    ) -> bytes:
        """Run one command and return what it printed.

        Args:
            arguments: Without `git`.
            data: For its input.
            tree: The working tree, where the command also runs.
            index: The index file.

        Raises:
            CheckpointError: git is missing, failed or took too long.
        """
        if self._program is None:
            raise CheckpointError("checkpoints need git, which is not installed")
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        try:
            done = subprocess.run(
                [self._program, *settings, *arguments],
                input=data if data is not None else b"",
                capture_output=True,
                cwd=tree or self._folder,
                env=self._environment(tree, index),
                timeout=self._timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CheckpointError(f"git {arguments[0]} failed: {error}") from error
        if done.returncode != 0:
            words = done.stderr.decode("utf-8", "replace").strip()[:500]
            raise CheckpointError(f"git {arguments[0]} failed: {words}")
        return done.stdout

    def text(self, arguments: Sequence[str], **options: Path | bytes | None) -> str:
        """As `run`, decoded and stripped."""
        return self.run(arguments, **options).decode("utf-8", "replace").strip()  # type: ignore[arg-type]  # same options

    def _environment(self, tree: Path | None, index: Path | None) -> dict[str, str]:
        environment = {
            "PATH": self._path,
            "HOME": str(self._folder),
            "LC_ALL": "C",
            "GIT_DIR": str(self._folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_AUTHOR_NAME": "checkpoints",
            "GIT_AUTHOR_EMAIL": "checkpoints@localhost",
            "GIT_COMMITTER_NAME": "checkpoints",
            "GIT_COMMITTER_EMAIL": "checkpoints@localhost",
        }
        if tree is not None:
            environment["GIT_WORK_TREE"] = str(tree)
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        return environment
