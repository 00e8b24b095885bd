"""The guard, path rules, redaction and child environments."""
