"""Where commands run."""

from __future__ import annotations

from typing import Annotated, Literal

from hermes_core.config.section import COMMA_LIST, Section, setting, word

Backend = Literal["local", "docker", "ssh", "modal", "daytona", "singularity"]


class TerminalSettings(Section):
    """Shell commands and background processes."""

    backend: Annotated[Backend, word()] = setting(
        "local", "Where commands run.", env="TERMINAL_ENV"
    )
    cwd: str = setting(
        ".",
        "Folder commands start in; `.`, `auto`, `cwd`: where it was launched.",
        env="TERMINAL_CWD",
    )
    timeout: int = setting(180, "Seconds for a command.", env="TERMINAL_TIMEOUT", ge=1)
    max_foreground_timeout: int = setting(
        600,
        "Longest limit a command may ask for, in seconds.",
        env="TERMINAL_MAX_FOREGROUND_TIMEOUT",
        ge=1,
    )
    lifetime_seconds: int = setting(
        300,
        "Idle seconds after which a shell forgets all but its folder; 0: never.",
        env="TERMINAL_LIFETIME_SECONDS",
        ge=0,
    )
    persistent_shell: bool = setting(
        True,
        "Keep folder and variables between commands.",
        env=("TERMINAL_PERSISTENT_SHELL", "TERMINAL_LOCAL_PERSISTENT"),
    )
    env_passthrough: Annotated[tuple[str, ...], COMMA_LIST] = setting(
        (), "Variables commands may see although they look like secrets."
    )
    scratch_dir: str = setting("", "Folder for temporary files.", env="TERMINAL_SCRATCH_DIR")
    sudo_password: str | None = setting(
        None,
        "Password for sudo; empty tries without one and never asks.",
        env="SUDO_PASSWORD",
        secret=True,
    )
