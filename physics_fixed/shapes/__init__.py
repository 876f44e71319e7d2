"""Shapes: what a body is made of. See :class:`Shape` for the contract that all of them keep."""

from __future__ import annotations

from physics_fixed.shapes.box import Box
from physics_fixed.shapes.capsule import Capsule
from physics_fixed.shapes.hull import Cone, ConvexHull, Cylinder
from physics_fixed.shapes.shape import FacetedShape, MassProperties, RayHit, RoundShape, Shape
from physics_fixed.shapes.sphere import Sphere
from physics_fixed.shapes.surface import Surface

IShapeSphere = RoundShape
"""The brief's name."""
IShapeMesh = FacetedShape
"""The brief's name."""

__all__ = [
    "Box",
    "Capsule",
    "Cone",
    "ConvexHull",
    "Cylinder",
    "FacetedShape",
    "IShapeMesh",
    "IShapeSphere",
    "MassProperties",
    "RayHit",
    "RoundShape",
    "Shape",
    "Sphere",
    "Surface",
]
