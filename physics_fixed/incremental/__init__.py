"""Incremental re-simulation: a step that was simulated before costs what changed.

See docs/physics/incremental.md.
"""
