"""Broadphase: which pairs of bodies may touch, in canonical order."""
