"""A box falls on a floor: the physics alone, in a few lines.

``python -P examples/falling_box.py``
"""

from __future__ import annotations

from physics_fixed import STATIC, Box, Space


def main() -> None:
    """Drop the box, and print its height every quarter of a second."""
    space = Space()
    space.add(Box((10, 1, 10)), STATIC, position=(0, -1, 0))
    box = space.add(Box(("0.5", "0.5", "0.5")), position=(0, 3, 0), restitution="0.3")
    for tick in range(1, 121):
        space.step()
        if tick % 15 == 0:
            print(f"{tick / 60:.2f} s: {box.position[1]:.3f} m")
    # The same on every machine, with the compiler on or off.
    print("state", space.hash())


if __name__ == "__main__":
    main()
