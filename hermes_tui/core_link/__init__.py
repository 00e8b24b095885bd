"""The core as the screen sees it."""
