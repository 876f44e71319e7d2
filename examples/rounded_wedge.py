"""A shape of one's own: a ramp with rounded edges, which no kernel was written for.

``python -P examples/rounded_wedge.py``

A convex shape needs a support function, the farthest point along a direction, and the hull of points that the
function finds. What kernels ask of a shape is then the hull's; what the shape knows better it says itself.
"""

from __future__ import annotations

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.layout import Words
from physics_fixed.scale import Number, exact, to_text
from physics_fixed.shapes import MassProperties, RayHit, Shape, hull_of_support, round_directions
from physics_fixed.shapes.shape import Vector


class RoundedWedge:
    """A ramp that rises along x, with all edges and corners rounded.

    Parameters
    ----------
    length, height, width : number
        Of the ramp without the rounding, along x, y and z, m.
    radius : number
        Of the rounding, m: the ramp reaches so much further to all sides.
    """

    def __init__(self, length: Number, height: Number, width: Number, radius: Number) -> None:
        self.sizes = length, height, width, radius
        x, y, z = Box((length, height, width)).scaled("1/2").half_extents_q24
        self.corners = [(a, b, c) for a, b in ((-x, -y), (x, -y), (x, y)) for c in (-z, z)]
        self.ball = Sphere(radius)
        # The normals of the flat faces are among the directions, so the faces are found whole.
        self.hull = hull_of_support(self.support_q24, (*round_directions(2), (-y, x, 0)))

    def support_q24(self, direction: Vector) -> Vector:
        """The corner that is farthest along a direction, and the radius beyond it."""
        dx, dy, dz = direction
        x, y, z = max(self.corners, key=lambda corner: dx * corner[0] + dy * corner[1] + dz * corner[2])
        a, b, c = self.ball.support_q24(direction)
        return x + a, y + b, z + c

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """The corners' bounds, and the radius."""
        (ax, ay, az), (bx, by, bz), r = self.corners[0], self.corners[-1], self.ball.radius_q24
        return (ax - r, ay - r, az - r), (bx + r, by + r, bz + r)

    def scaled(self, factor: Number) -> Shape:
        """The same with all four sizes larger."""
        length, height, width, radius = (exact(size) * exact(factor) for size in self.sizes)
        return RoundedWedge(length, height, width, radius)

    @property
    def code(self) -> int:
        """That of hulls: their kernels collide it. From here on, all is the hull's."""
        return self.hull.code

    @property
    def size_q24(self) -> Vector:
        """The hull's."""
        return self.hull.size_q24

    @property
    def centre_q24(self) -> Vector:
        """The hull's."""
        return self.hull.centre_q24

    @property
    def lever_q24(self) -> int:
        """The hull's."""
        return self.hull.lever_q24

    @property
    def inner_radius_q24(self) -> int:
        """The hull's."""
        return self.hull.inner_radius_q24

    def mass_properties(self) -> MassProperties:
        """The hull's."""
        return self.hull.mass_properties()

    def words(self) -> Words:
        """The hull's."""
        return self.hull.words()

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """The hull's."""
        return self.hull.ray_q24(origin, path)


def main() -> None:
    """Let the ramp settle on the ground, and a ball roll down from it."""
    space = Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    ramp = RoundedWedge(4, 1, 2, "0.1")
    print("the ramp has", len(ramp.hull.vertices_q24), "vertices and", len(ramp.hull.faces), "faces")
    wedge = space.add(ramp, position=(0, "0.7", 0))
    ball = space.add(Sphere("0.25"), position=("1.5", "2", 0))
    for tick in range(1, 181):
        space.step()
        if tick % 30 == 0:
            x, y, _ = (to_text(part, 24, 2) for part in ball.position_q24)
            height = to_text(wedge.position_q24[1], 24, 2)
            print(f"{tick / 60:.1f} s: ball at x = {x} m, y = {y} m; ramp at {height} m")
    print("state", space.hash())


if __name__ == "__main__":
    main()
