"""Shapes: what a body is made of. See :class:`Shape` for the contract that all of them keep."""

from __future__ import annotations

from physics_fixed.shapes.box import Box
from physics_fixed.shapes.shape import MassProperties, Shape
from physics_fixed.shapes.sphere import Sphere

__all__ = ["Box", "MassProperties", "Shape", "Sphere"]
