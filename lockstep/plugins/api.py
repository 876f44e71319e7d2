"""What world modules are written with, in one place. docs/WORLDS.md explains it."""

from __future__ import annotations

from lockstep.plugins.avatars import Avatars
from lockstep.plugins.collision import BEGIN, END, STAY, Collision, Contact, Contacts
from lockstep.plugins.contract import observer, plugin
from lockstep.plugins.numbers import q24, q30, rotation_about, vector_q24
from lockstep.plugins.physics import DYNAMIC, KINEMATIC, OWN_ROTATION, STATIC, Physics
from lockstep.plugins.render import Render
from lockstep.plugins.rows import Row, Rows
from lockstep.plugins.things import add_box, add_sphere
from lockstep.plugins.turning import Turning
from physics_fixed.shapes import Box, Sphere
from physics_fixed.tables import Column

__all__ = [
    "BEGIN",
    "DYNAMIC",
    "END",
    "KINEMATIC",
    "OWN_ROTATION",
    "STATIC",
    "STAY",
    "Avatars",
    "Box",
    "Collision",
    "Column",
    "Contact",
    "Contacts",
    "Physics",
    "Render",
    "Row",
    "Rows",
    "Sphere",
    "Turning",
    "add_box",
    "add_sphere",
    "observer",
    "plugin",
    "q24",
    "q30",
    "rotation_about",
    "vector_q24",
]
