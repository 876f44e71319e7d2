"""A deterministic rigid-body engine on integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from physics_fixed.errors import IdentityError, NumberError, PhysicsError, SnapshotError
    from physics_fixed.handles import Body
    from physics_fixed.joints.axis import Axis, Motor, Spring
    from physics_fixed.joints.handle import Joint
    from physics_fixed.layout import DYNAMIC, KINEMATIC, STATIC
    from physics_fixed.materials import rotation_about
    from physics_fixed.queries.filters import QueryFilter
    from physics_fixed.shapes import (
        Box,
        Capsule,
        Compound,
        Cone,
        ConvexHull,
        Cylinder,
        HeightField,
        Part,
        Sphere,
        Surface,
        TriangleMesh,
    )
    from physics_fixed.world import Space

__all__ = [
    "DYNAMIC", "KINEMATIC", "STATIC", "Axis", "Body", "Box", "Capsule", "Compound", "Cone", "ConvexHull",
    "Cylinder", "HeightField", "IdentityError", "Joint", "Motor", "NumberError", "Part", "PhysicsError",
    "QueryFilter", "SnapshotError", "Space", "Sphere", "Spring", "Surface", "TriangleMesh", "rotation_about",
]  # fmt: skip

_SHAPES = (
    "Box",
    "Capsule",
    "Compound",
    "Cone",
    "ConvexHull",
    "Cylinder",
    "HeightField",
    "Part",
    "Sphere",
    "Surface",
    "TriangleMesh",
)
_ERRORS = ("IdentityError", "NumberError", "PhysicsError", "SnapshotError")
_HOME = {
    "DYNAMIC": "physics_fixed.layout",
    "KINEMATIC": "physics_fixed.layout",
    "STATIC": "physics_fixed.layout",
    "Axis": "physics_fixed.joints.axis",
    "Motor": "physics_fixed.joints.axis",
    "Space": "physics_fixed.world",
    "Spring": "physics_fixed.joints.axis",
    "Body": "physics_fixed.handles",
    "Joint": "physics_fixed.joints.handle",
    "QueryFilter": "physics_fixed.queries.filters",
    "rotation_about": "physics_fixed.materials",
    **dict.fromkeys(_ERRORS, "physics_fixed.errors"),
    **dict.fromkeys(_SHAPES, "physics_fixed.shapes"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: whoever needs the tables alone does not wait for the compiler.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
