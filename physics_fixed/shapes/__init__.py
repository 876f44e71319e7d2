"""Shapes: what a body is made of. See :class:`Shape` for the contract that all of them keep."""

from __future__ import annotations

from physics_fixed.shapes.box import Box
from physics_fixed.shapes.capsule import Capsule
from physics_fixed.shapes.compound import Compound, Part
from physics_fixed.shapes.directions import round_directions
from physics_fixed.shapes.height_field import HeightField
from physics_fixed.shapes.hull import Cone, ConvexHull, Cylinder, hull_of_support
from physics_fixed.shapes.mesh import TriangleMesh
from physics_fixed.shapes.shape import FacetedShape, MassProperties, RayHit, RoundShape, Shape
from physics_fixed.shapes.sphere import Sphere
from physics_fixed.shapes.surface import Surface

IShapeSphere = RoundShape
"""The brief's name."""
IShapeMesh = FacetedShape
"""The brief's name."""

KINDS: tuple[type[Shape], ...] = (Box, Capsule, Compound, ConvexHull, HeightField, Sphere, TriangleMesh)
"""All kinds that the engine has; that each keeps the contract is checked where this is type-checked."""

__all__ = [
    "KINDS",
    "Box",
    "Capsule",
    "Compound",
    "Cone",
    "ConvexHull",
    "Cylinder",
    "FacetedShape",
    "HeightField",
    "IShapeMesh",
    "IShapeSphere",
    "MassProperties",
    "Part",
    "RayHit",
    "RoundShape",
    "Shape",
    "Sphere",
    "Surface",
    "TriangleMesh",
    "hull_of_support",
    "round_directions",
]
