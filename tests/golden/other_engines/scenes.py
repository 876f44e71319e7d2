"""Scenes that several engines simulate, as plain data: no engine is imported here.

Lengths in m, masses in kg, numbers as text. ``joint``: (kind, parent, anchor, axis, motor), the parent an
index among the bodies or None for the world, the motor (rad/s, N m) or None; jointed bodies begin unturned.
``gravity``, ``samples`` (how many, after the start, a tenth of a second apart), ``watched`` (index of the
body whose place, or rotation if ``turning``, is kept).
"""

from __future__ import annotations

from typing import Any

SAMPLE_RATE = 10
DOWN = ("0", "-9.81", "0")
NONE = ("0", "0", "0")
FLOOR = {"shape": ("box", "50", "1", "50"), "position": ("0", "-1", "0"), "mass": None}
SLOPE = {
    "shape": ("box", "50", "1", "10"), "position": NONE, "mass": None, "turn": ("0", "0", "1", "15"),
    "friction": "1",
}  # fmt: skip


def ball(radius: str, *position: str, **more: Any) -> dict[str, Any]:
    """A dynamic ball of 1 kg."""
    return {"shape": ("sphere", radius), "position": position, "mass": "1", **more}


def box(half: tuple[str, str, str], *position: str, **more: Any) -> dict[str, Any]:
    """A dynamic box of 1 kg."""
    return {"shape": ("box", *half), "position": position, "mass": "1", **more}


CUBE = ("0.5", "0.5", "0.5")
HINGE_Z = ("0", "0", "1")
SCENES: dict[str, dict[str, Any]] = {
    "projectile": {
        "bodies": [ball("0.5", "0", "10", "0", velocity=("3", "4", "-5"))], "samples": 15,
    },
    "sliding box": {
        "bodies": [FLOOR, box(("0.5", "0.1", "0.5"), "0", "0.1", "0", velocity=("3", "0", "0"))],
        "watched": 1, "samples": 15,
    },
    "bouncing ball": {
        "bodies": [{**FLOOR, "restitution": "0.7"}, ball("0.5", "0", "2.5", "0", restitution="0.7")],
        "watched": 1, "samples": 25,
    },
    "rolling ball": {
        "bodies": [SLOPE, ball("0.5", "-0.3882286", "1.4488887", "0", friction="1")],
        "watched": 1, "samples": 20,
    },
    "pendulum": {
        "bodies": [ball("0.05", "0.8660254", "-0.5", "0", joint=("hinge", None, NONE, HINGE_Z, None))],
        "samples": 30,
    },
    "double pendulum": {
        "bodies": [
            ball("0.05", "0.8660254", "-0.5", "0", joint=("hinge", None, NONE, HINGE_Z, None)),
            ball("0.05", "1.8660254", "-0.5", "0",
                 joint=("hinge", 0, ("0.8660254", "-0.5", "0"), HINGE_Z, None)),
        ],
        "watched": 1, "samples": 10,
    },
    "box tipping over an edge": {
        "bodies": [
            {"shape": ("box", "1", "1", "1"), "position": ("0", "-1", "0"), "mass": None, "friction": "1"},
            box(("0.5", "0.25", "0.4"), "1.2", "0.25", "0", friction="1"),
        ],
        "watched": 1, "samples": 6,
    },
    "tumbling box": {
        "bodies": [box(("0.5", "0.3", "0.2"), "0", "0", "0", spin=("1", "4", "0.3"))],
        "gravity": NONE, "samples": 50, "turning": True,
    },
    "stack of five boxes": {
        "bodies": [FLOOR, *(box(CUBE, "0", f"{k}.5", "0") for k in range(5))], "watched": 5, "samples": 30,
    },
    "ball pushed into a wall": {
        "bodies": [
            FLOOR, {"shape": ("box", "1", "5", "5"), "position": ("3", "5", "0"), "mass": None},
            ball("0.5", "0", "0.5", "0"),
        ],
        "gravity": ("5", "-9.81", "0"), "watched": 2, "samples": 20,
    },
    "wheel with a motor": {
        "bodies": [box(("0.4", "0.4", "0.1"), *NONE, joint=("hinge", None, NONE, HINGE_Z, ("2", "0.1")))],
        "samples": 30, "turning": True,
    },
}  # fmt: skip
