"""Candidate pairs of bodies, found by their boxes and sorted by id."""
