"""Scenes of a known start whose state hash is the same on every machine."""
