"""Shapes of bodies: mass, bounds, and what contacts need of them."""
