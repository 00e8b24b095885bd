"""Tools that read and change files."""

from hermes_core.tools.files.read_memory import ReadMemory

SESSION_SERVICES = (ReadMemory,)
"""What the host makes one of for each session."""
