"""Where commands run: terminal backends."""
