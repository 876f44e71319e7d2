"""Joints: what holds two bodies together, or a body to the world. See docs/physics/joints.md."""

from __future__ import annotations

from physics_fixed.joints.axis import Axis, Motor, Spring
from physics_fixed.joints.collection import Joints
from physics_fixed.joints.events import JointEvents
from physics_fixed.joints.handle import Joint

__all__ = ["Axis", "Joint", "JointEvents", "Joints", "Motor", "Spring"]
