"""Trajectories of other engines for the scenes of ``scenes.py``, written to ``trajectories.json``.

    python -m venv engines && engines/bin/pip install rapier3d==0.36.1 mujoco==4.0.0 numpy
    engines/bin/python tests/golden/other_engines/make.py

The tests only read the file; neither engine is needed to run them.
"""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path
from typing import Any

from scenes import DOWN, NONE, SAMPLE_RATE, SCENES

FILE = Path(__file__).with_name("trajectories.json")
STEPS_PER_SECOND = {"rapier": 240, "mujoco": 960}


def numbers(texts: Any) -> list[float]:
    return [float(text) for text in texts]


def quaternion(body: dict[str, Any]) -> tuple[float, float, float, float]:
    """w, x, y, z."""
    x, y, z, degrees = numbers(body.get("turn", ("0", "0", "1", "0")))
    half = math.radians(degrees) / 2
    return math.cos(half), x * math.sin(half), y * math.sin(half), z * math.sin(half)


class Rapier:
    """Impulse joints, default settings but for the step."""

    def __init__(self, scene: dict[str, Any]) -> None:
        import rapier3d

        self.library = rapier3d
        world = self.world = rapier3d.PhysicsWorld(gravity=tuple(numbers(scene.get("gravity", DOWN))))
        world.set_num_threads(1)
        world.integration_parameters.dt = 1 / STEPS_PER_SECOND["rapier"]
        self.handles = [self.add(body) for body in scene["bodies"]]
        ground = world.add_body(rapier3d.RigidBody.fixed(translation=(0.0, 0.0, 0.0)))
        for index, body in enumerate(scene["bodies"]):
            if "joint" in body:
                self.join(scene, index, ground)

    def add(self, body: dict[str, Any]) -> Any:
        library = self.library
        kind, *sizes = body["shape"]
        material = {
            "friction": float(body.get("friction", "0.5")),
            "restitution": float(body.get("restitution", "0")),
        }
        shape = library.Collider.ball if kind == "sphere" else library.Collider.cuboid
        place = tuple(numbers(body["position"]))
        w, x, y, z = quaternion(body)
        turn = library.Rotation3(w, x, y, z).scaled_axis
        if body["mass"] is None:
            collider = shape(*numbers(sizes), **material)
            fixed = library.RigidBody.fixed(translation=place, rotation=turn)
            return self.world.add_body(fixed, colliders=[collider])
        volume = 4 / 3 * math.pi * float(sizes[0]) ** 3 if kind == "sphere" else 8 * math.prod(numbers(sizes))
        collider = shape(*numbers(sizes), density=float(body["mass"]) / volume, **material)
        moving = library.RigidBody.dynamic(
            translation=place, rotation=turn, linvel=tuple(numbers(body.get("velocity", NONE))),
            angvel=tuple(numbers(body.get("spin", NONE))), can_sleep=False, gyroscopic_forces=True,
        )  # fmt: skip
        return self.world.add_body(moving, colliders=[collider])

    def join(self, scene: dict[str, Any], index: int, ground: Any) -> None:
        body = scene["bodies"][index]
        _, parent, anchor, axis, motor = body["joint"]
        other = ground if parent is None else self.handles[parent]
        origin = [0.0] * 3 if parent is None else numbers(scene["bodies"][parent]["position"])
        joint = self.library.RevoluteJointBuilder(tuple(numbers(axis)))
        joint = joint.local_anchor1(tuple(a - o for a, o in zip(numbers(anchor), origin, strict=True)))
        joint = joint.local_anchor2(
            tuple(a - o for a, o in zip(numbers(anchor), numbers(body["position"]), strict=True))
        )
        joint = joint.contacts_enabled(False)
        if motor is not None:
            joint = joint.motor_model(self.library.MotorModel.FORCE_BASED)
            joint = joint.motor_velocity(float(motor[0]), 1000.0).motor_max_force(float(motor[1]))
        self.world.impulse_joints.insert(other, self.handles[index], joint.build(), True)

    def step(self) -> None:
        self.world.step()

    def state(self, index: int) -> list[float]:
        body = self.world.rigid_bodies[self.handles[index]]
        place, turn = body.translation, body.rotation
        return [place.x, place.y, place.z, turn.i, turn.j, turn.k, turn.w]

    def parameters(self) -> str:
        return f"float32, step 1/{STEPS_PER_SECOND['rapier']} s, defaults, gyroscopic forces on"


class Mujoco:
    """Generalised coordinates: a joint is exact. Contacts are soft by design."""

    def __init__(self, scene: dict[str, Any]) -> None:
        import mujoco

        self.library = mujoco
        gravity = " ".join(scene.get("gravity", DOWN))
        self.bodies = scene["bodies"]
        parts = [
            f'<mujoco><option timestep="{1 / STEPS_PER_SECOND["mujoco"]!r}" gravity="{gravity}"',
            ' cone="elliptic" integrator="implicitfast" impratio="10" iterations="200" tolerance="1e-12"/>',
            '<default><geom condim="3" solref="0.005 1"/></default><worldbody>',
            *(self.text(index) for index, body in enumerate(self.bodies) if self.parent(body) is None),
            "</worldbody><actuator>",
            *(self.motor_text(index) for index in range(len(self.bodies))),
            "</actuator></mujoco>",
        ]
        self.model = mujoco.MjModel.from_xml_string("".join(parts))
        self.data = mujoco.MjData(self.model)
        for index, body in enumerate(self.bodies):
            if body["mass"] is not None and "joint" not in body:
                first = self.model.body(f"body{index}").dofadr[0]
                self.data.qvel[first : first + 3] = numbers(body.get("velocity", NONE))
                self.data.qvel[first + 3 : first + 6] = numbers(body.get("spin", NONE))
        motors = [
            body["joint"][4] for body in self.bodies if "joint" in body and body["joint"][4] is not None
        ]
        self.data.ctrl[:] = [float(motor[0]) for motor in motors]
        mujoco.mj_forward(self.model, self.data)

    @staticmethod
    def parent(body: dict[str, Any]) -> int | None:
        return body["joint"][1] if "joint" in body else None

    def motor_text(self, index: int) -> str:
        motor = self.bodies[index]["joint"][4] if "joint" in self.bodies[index] else None
        if motor is None:
            return ""
        force = f'forcerange="-{motor[1]} {motor[1]}" forcelimited="true"'
        return f'<velocity joint="joint{index}" kv="1000" {force}/>'

    def text(self, index: int) -> str:
        body = self.bodies[index]
        kind, *sizes = body["shape"]
        parent = self.parent(body)
        origin = [0.0] * 3 if parent is None else numbers(self.bodies[parent]["position"])
        place = [a - o for a, o in zip(numbers(body["position"]), origin, strict=True)]
        where = f'pos="{place[0]} {place[1]} {place[2]}" quat="{" ".join(map(repr, quaternion(body)))}"'
        mass = "" if body["mass"] is None else f'mass="{body["mass"]}"'
        friction = body.get("friction", "0.5")
        off = ' contype="0" conaffinity="0"' if "joint" in body else ""
        geom = f'<geom type="{kind}" size="{" ".join(sizes)}" friction="{friction} 0 0" {mass}{off}/>'
        if body["mass"] is None:
            return f"<body {where}>{geom}</body>"
        joint = "<freejoint/>"
        if "joint" in body:
            _, _, anchor, axis, _ = body["joint"]
            at = [a - b for a, b in zip(numbers(anchor), numbers(body["position"]), strict=True)]
            where_to = f'axis="{" ".join(axis)}" pos="{at[0]} {at[1]} {at[2]}"'
            joint = f'<joint name="joint{index}" type="hinge" {where_to}/>'
        children = "".join(self.text(k) for k, other in enumerate(self.bodies) if self.parent(other) == index)
        return f'<body name="body{index}" {where}>{joint}{geom}{children}</body>'

    def step(self) -> None:
        self.library.mj_step(self.model, self.data)

    def state(self, index: int) -> list[float]:
        self.library.mj_kinematics(self.model, self.data)  # a step leaves the places of its start
        body = self.data.body(f"body{index}")
        w, x, y, z = body.xquat
        return [float(part) for part in (*body.xpos, x, y, z, w)]

    def parameters(self) -> str:
        return (
            f"float64, step 1/{STEPS_PER_SECOND['mujoco']} s, implicitfast, elliptic cone, impratio 10, "
            "solref 0.005 1; no restitution"
        )


def main() -> None:
    import mujoco
    import rapier3d

    content: dict[str, Any] = {
        "provenance": {
            "script": "tests/golden/other_engines/make.py",
            "rapier": f"rapier3d {rapier3d.__version__}", "mujoco": f"mujoco {mujoco.__version__}",
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
        },
        "trajectories": {},
    }  # fmt: skip
    for name, scene in SCENES.items():
        found = content["trajectories"][name] = {}
        for engine, kind in (("rapier", Rapier), ("mujoco", Mujoco)):
            if engine == "mujoco" and any("restitution" in body for body in scene["bodies"]):
                continue
            made = kind(scene)
            content["provenance"][f"{engine} parameters"] = made.parameters()
            part = slice(3, 7) if scene.get("turning") else slice(0, 3)
            samples = []
            for _ in range(scene["samples"]):
                for _ in range(STEPS_PER_SECOND[engine] // SAMPLE_RATE):
                    made.step()
                samples.append([round(number, 6) for number in made.state(scene.get("watched", 0))[part]])
            found[engine] = samples
    FILE.write_text(json.dumps(content, indent=1).replace("\n     ", " ").replace("\n    ]", " ]") + "\n")


if __name__ == "__main__":
    main()
