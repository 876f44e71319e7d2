"""Rows of hits: how they are written, and which of two comes first."""

from __future__ import annotations

from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.queries.layout import (
    HIT_CHILD,
    HIT_DISTANCE,
    HIT_NORMAL,
    HIT_OTHER,
    HIT_POINT,
    HIT_QUERY,
    HIT_ROW,
    HIT_SOURCE,
    HIT_TRIANGLE,
    MODE_ALL,
    MODE_CLOSEST,
)


@inline_kernel("boolean(int64[:,::1],int64,int64,int64,int64,int64)")
def is_nearer(hit: Words, index: int, distance: int, row: int, child: int, triangle: int) -> bool:
    """Whether a hit comes before the one that stands in a row, in the order of all hits of a query."""
    if hit[index, HIT_ROW] < 0:
        return True
    other: int = hit[index, HIT_DISTANCE]
    if distance == other:
        other = hit[index, HIT_ROW]
        distance = row
    if distance == other:
        other = hit[index, HIT_CHILD]
        distance = child
    if distance == other:
        other = hit[index, HIT_TRIANGLE]
        distance = triangle
    return distance < other


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64)")
def place_for(
    hit: Words, count: int, mode: int, query: int, distance: int, row: int, child: int, triangle: int
) -> int:
    """Row of a hit that was found, -1 if it is not wanted. All: one behind the other; else one a query."""
    if mode == MODE_ALL:
        return count if count < hit.shape[0] else -1
    if mode == MODE_CLOSEST and not is_nearer(hit, query, distance, row, child, triangle):
        return -1
    return query


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64)")
def write_hit(
    hit: Words, index: int, query: int, distance: int, row: int, child: int, triangle: int, source: int
) -> None:
    """Write what was hit, and how far away."""
    hit[index, HIT_QUERY] = query
    hit[index, HIT_ROW] = row
    hit[index, HIT_CHILD] = child
    hit[index, HIT_TRIANGLE] = triangle
    hit[index, HIT_DISTANCE] = distance
    hit[index, HIT_SOURCE] = source


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def write_place(
    hit: Words,
    index: int,
    x: int,
    y: int,
    z: int,
    other_x: int,
    other_y: int,
    other_z: int,
    nx: int,
    ny: int,
    nz: int,
) -> None:
    """Write where: the point on the body, the one on the query's shape, and the normal."""
    hit[index, HIT_POINT] = x
    hit[index, HIT_POINT + 1] = y
    hit[index, HIT_POINT + 2] = z
    hit[index, HIT_OTHER] = other_x
    hit[index, HIT_OTHER + 1] = other_y
    hit[index, HIT_OTHER + 2] = other_z
    hit[index, HIT_NORMAL] = nx
    hit[index, HIT_NORMAL + 1] = ny
    hit[index, HIT_NORMAL + 2] = nz
