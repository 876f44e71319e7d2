"""A shape of one's own: a wedge, which keeps the contract of shapes, and a ball that rolls down on it.

``python -P examples/own_shape.py``
"""

from __future__ import annotations

from physics_fixed import STATIC, Box, ConvexHull, Space, Sphere
from physics_fixed.layout import Words
from physics_fixed.scale import Number, exact
from physics_fixed.shapes import MassProperties, RayHit, Shape
from physics_fixed.shapes.shape import Vector, scale_factor


class Wedge:
    """A ramp that rises along x: a box cut in two along its diagonal.

    It is convex, so it takes what kernels read from the hull of its corners, and tells them by ``code`` that
    they meet a hull. A shape of several convex ones does the same with a ``Compound``.

    Parameters
    ----------
    length, height, width : number
        m, along x, y, z; the middle of the box is the origin.
    """

    def __init__(self, length: Number, height: Number, width: Number) -> None:
        self._sizes = exact(length, "length"), exact(height, "height"), exact(width, "width")
        x, y, z = (size / 2 for size in self._sizes)
        rim = ((-x, -y), (x, -y), (x, y))
        self._hull = ConvexHull([(*corner, side) for side in (-z, z) for corner in rim])

    @property
    def code(self) -> int:
        """What kernels take it for."""
        return self._hull.code

    @property
    def size_q24(self) -> Vector:
        """Half extents of the upright box about the centre of mass that encloses it, m."""
        return self._hull.size_q24

    @property
    def lever_q24(self) -> int:
        """Radius of a sphere about the centre of mass that encloses it, m."""
        return self._hull.lever_q24

    @property
    def inner_radius_q24(self) -> int:
        """Radius of a sphere about the centre of mass that fits in, m."""
        return self._hull.inner_radius_q24

    @property
    def centre_q24(self) -> Vector:
        """Centre of mass, m."""
        return self._hull.centre_q24

    def words(self) -> Words:
        """The data that kernels read."""
        return self._hull.words()

    def mass_properties(self) -> MassProperties:
        """Volume, centre of mass and inertia, exact."""
        return self._hull.mass_properties()

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner of the upright box around it, m."""
        return self._hull.bounds_q24()

    def support_q24(self, direction: Vector) -> Vector:
        """Its point that is farthest along a direction, m."""
        return self._hull.support_q24(direction)

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters it."""
        return self._hull.ray_q24(origin, path)

    def scaled(self, factor: Number) -> Wedge:
        """A wedge that is larger by a factor."""
        length, height, width = self._sizes
        by = scale_factor(factor)
        return Wedge(length * by, height * by, width * by)


def main() -> None:
    """Put a wedge on the ground and a ball onto it, and print where the ball is."""
    space = Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    shape: Shape = Wedge(4, 2, 3)  # a type checker sees here whether it keeps the contract
    ramp = space.add(shape, position=(0, 1, 0), density=500)
    ball = space.add(Sphere("0.3"), position=(1, "2.2", 0))
    for tick in range(1, 121):
        space.step()
        if tick % 30 == 0:
            x, y, _ = ball.position
            print(f"{tick / 60:.1f} s: {x:.2f} m, {y:.2f} m")
    print(f"ramp of {ramp.mass:.0f} kg at {ramp.position[0]:.3f} m")


if __name__ == "__main__":
    main()
