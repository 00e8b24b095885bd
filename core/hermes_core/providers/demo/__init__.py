"""The built-in demo: a small scripted model that needs no key."""

from hermes_core.providers.demo.model import DemoModel

__all__ = ["DemoModel"]
