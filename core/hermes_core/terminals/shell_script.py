"""The bash text around a command: bring the kept state back, run, write the state down.

Every call is a fresh bash. It sources the state an earlier call left, evaluates the
command and, if the command came to its natural end, writes folder, variables,
functions, aliases and options to files named after the call. A command that leaves by
`exit`, `exec` or a signal writes none, so the state stays as it was before it. Files
rather than printed markers carry the state: output can imitate no file.

The command itself stands in a file, so that `pkill -f` in it never matches its own
shell. Works with bash from 3.2 on.
"""

from __future__ import annotations

import shlex

from msgspec import Struct

RESERVED = "__hermes_"
"""Prefix of names the script uses; they are never kept."""

_NOT_KEPT = (
    "BASH|BASHOPTS|BASHPID|BASH_[A-Z]*|COLUMNS|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|"
    "HERMES_TERMINAL_CALL|HISTCMD|HOSTNAME|HOSTTYPE|LINENO|LINES|MACHTYPE|OPTERR|OPTIND|OSTYPE|"
    "PIPESTATUS|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|SUDO_ASKPASS|UID|_|__hermes_*"
)

_KEEP_NAMES = r"""
\builtin compgen {which} >| {base}.now
while IFS= \builtin read -r __hermes_name; do
  case $__hermes_name in {not_kept}) ;; *) \builtin declare -p "$__hermes_name" ;; esac
done < {base}.now
while IFS= \builtin read -r __hermes_name; do
  case $__hermes_name in
    {not_kept}) ;;
    *) [ "${{!__hermes_name+x}}" ] || \builtin printf 'unset -v %s\n' "$__hermes_name" ;;
  esac
done < {base}.before
"""

_KEEP_SHELL = r"""
\builtin declare -f
\builtin declare -Fx
\builtin alias -p
__hermes_options=
while IFS= \builtin read -r __hermes_line; do
  case $__hermes_line in
    *braceexpand|*hashall|*interactive-comments)
      case $__hermes_line in 'set +o '*) __hermes_options+=$__hermes_line$'\n' ;; esac ;;
    *noexec|*onecmd|*history|*monitor|'set +o '*) ;;
    *) __hermes_options+=$__hermes_line$'\n' ;;
  esac
done < {base}.options
\builtin printf '__hermes_options=%q\n' "$__hermes_options"
"""

_PROFILE = r"""
\builtin declare -px >| {base}.launch
__hermes_path=$PATH
{{ [ -r /etc/profile ] && \builtin . /etc/profile
for __hermes_file in ~/.bash_profile ~/.bash_login ~/.profile; do
  if [ -r "$__hermes_file" ]; then \builtin . "$__hermes_file"; \builtin break; fi
done; }} >/dev/null 2>&1 </dev/null
__hermes_login=$PATH
\builtin . {base}.launch 2>/dev/null
PATH=$__hermes_path
while [ "$__hermes_login" ]; do
  __hermes_name=${{__hermes_login%%:*}}
  case $__hermes_login in *:*) __hermes_login=${{__hermes_login#*:}} ;; *) __hermes_login= ;; esac
  case :$PATH: in *":$__hermes_name:"*) ;; *) PATH=$PATH:$__hermes_name ;; esac
done
\builtin unset -v {dropped} __hermes_none
"""


class CallFiles(Struct, frozen=True):
    """Where one call keeps its files, by a common beginning."""

    base: str
    """Absolute path; `.command`, `.state` and `.cwd` are appended."""

    @property
    def command(self) -> str:
        """The command text, written before the call."""
        return f"{self.base}.command"

    @property
    def state(self) -> str:
        """What the call leaves behind, as bash to source."""
        return f"{self.base}.state"

    @property
    def cwd(self) -> str:
        """The folder afterwards; written last, so its presence says the state is whole."""
        return f"{self.base}.cwd"


def call_script(
    files: CallFiles, *, state: str | None, keep: bool, whole_state: bool, tty: str | None = None
) -> str:
    """Return the script of one call.

    Args:
        files: The files of this call; the command is in `files.command`.
        state: State file of an earlier call to start from.
        keep: Whether to write the state down afterwards.
        whole_state: Keep all variables, functions, aliases and options; else exports only.
        tty: Terminal device to make the controlling one.
    """
    base = shlex.quote(files.base)
    before = ["\\builtin shopt -s expand_aliases", "__hermes_options="]
    if tty:
        before.append(f"exec 0<>{shlex.quote(tty)} 1>&0 2>&0")
    if keep:
        before.append(f"\\builtin compgen -e >| {base}.before")
    if state:
        before.append(f"\\builtin . {shlex.quote(state)} 2>/dev/null")
    before.append("\\builtin set --")
    before.append(f'\\builtin eval "$__hermes_options$(<{base}.command)"')
    before.append(f"{{ __hermes_code=$?; \\builtin set +o >| {base}.options")
    before.append("\\builtin set +aefnuvx; \\builtin trap - DEBUG ERR RETURN; } 2>/dev/null")
    # one line: error messages count from it, kept aliases do not touch it, and an open
    # quote in the command cannot upset its reading, only that of the empty command below
    lines = ["; ".join(before), "\\builtin : 2>/dev/null"]
    if keep:
        lines.append(_keep(base, whole_state=whole_state))
    lines.append('\\builtin exit "$__hermes_code"')
    return "\n".join(lines)


def profile_script(files: CallFiles, *, whole_state: bool, dropped: frozenset[str]) -> str:
    """Return a script that reads the login profile and leaves a first state.

    What the environment says already wins over the profile; `PATH` gets the profile's
    further folders at its end; `dropped` names do not come back.
    """
    base = shlex.quote(files.base)
    names = " ".join(sorted(name for name in dropped if name.isidentifier() and name.isascii()))
    return "\n".join(
        (
            "\\builtin shopt -s expand_aliases",
            f"\\builtin compgen -e >| {base}.before",
            _PROFILE.format(base=base, dropped=names),
            f"\\builtin set +o >| {base}.options",
            "\\builtin set +aefnuvx 2>/dev/null",
            _keep(base, whole_state=whole_state),
        )
    )


def _keep(base: str, *, whole_state: bool) -> str:
    names = _KEEP_NAMES.format(which="-v" if whole_state else "-e", base=base, not_kept=_NOT_KEPT)
    begin = "\\builtin umask -p; \\builtin umask 077"
    if whole_state:
        begin += "; \\builtin shopt -p"
    rest = _KEEP_SHELL.format(base=base) if whole_state else ""
    return (
        f"{{ {begin}\n{names}{rest}}} >| {base}.state 2>/dev/null\n"
        f"\\builtin pwd >| {base}.cwd 2>/dev/null"
    )
