"""Tools that run commands."""

from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions
from hermes_core.tools.shell.sudo import SudoPasswords

SESSION_SERVICES = (ProcessTable, TerminalSessions, SudoPasswords)
"""What the host makes one of for each session; closed in this order."""
