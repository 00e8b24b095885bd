"""Snapshots of files before changes, and the way back."""
