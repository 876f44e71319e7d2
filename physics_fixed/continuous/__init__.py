"""Continuous collision: fast bodies are stopped on their way, see docs/physics/continuous.md."""
