"""A deterministic rigid-body engine on integers."""
