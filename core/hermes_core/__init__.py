"""The headless engine: draws nothing, prints nothing."""
