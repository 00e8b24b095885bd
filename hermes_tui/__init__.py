"""The program: command tree, app, screens."""
