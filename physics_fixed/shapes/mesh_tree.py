"""The tree of boxes over the triangles of a mesh.

Method: halves. A node's triangles are sorted by the middles of their boxes along the axis in which these
spread most, equal ones by their canonical order, and cut in two. All nodes of one depth are cut together, by
one sort. So the tree is a function of the set of triangles, and building it takes a few array operations per
depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.layout import Words
from physics_fixed.shapes.triangle_words import (
    LEAF_SHIFT,
    LEAF_TRIANGLES_MAX,
    NODE_BOUNDS,
    NODE_LEAF,
    NODE_NEXT,
    NODE_WIDTH,
)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A tree in depth-first order.

    Attributes
    ----------
    order : (T,)
        Canonical numbers of the triangles in the order of the leaves: their numbers from now on.
    nodes : (N, NODE_WIDTH)
        See :mod:`physics_fixed.shapes.triangle_words`.
    """

    order: Words
    nodes: Words


def plant(lower_q24: Words, upper_q24: Words) -> Tree:
    """Build the tree.

    Parameters
    ----------
    lower_q24, upper_q24 : (T, 3)
        Corners of the triangles' boxes, in canonical order; at least one.
    """
    count = len(lower_q24)
    middle = lower_q24 + upper_q24
    order = np.arange(count)
    counts = _node_counts(count)
    nodes = np.zeros((counts[count], NODE_WIDTH), np.int64)
    # The segments of one depth: their first triangle, size, and node.
    first, size, node = (np.array([number], np.int64) for number in (0, count, 0))
    while True:
        leaf = size <= LEAF_TRIANGLES_MAX
        nodes[node, NODE_NEXT] = node + np.array([counts[s] for s in size.tolist()], np.int64)
        nodes[node[leaf], NODE_LEAF] = first[leaf] << LEAF_SHIFT | size[leaf]
        nodes[node[~leaf], NODE_LEAF] = 0
        _note_segments(nodes, node, first, size)
        if leaf.all():
            break
        first, size, node = first[~leaf], size[~leaf], node[~leaf]
        _sort_segments(order, middle, first, size)
        left = (size + 1) // 2
        left_node = node + 1
        right_node = left_node + np.array([counts[s] for s in left.tolist()], np.int64)
        first = np.stack((first, first + left), axis=1).reshape(-1)
        size = np.stack((left, size - left), axis=1).reshape(-1)
        node = np.stack((left_node, right_node), axis=1).reshape(-1)
    begin, end = nodes[:, 0].copy(), nodes[:, 1].copy()
    for axis in range(3):
        nodes[:, NODE_BOUNDS + axis] = _reduce(np.minimum, lower_q24[order, axis], begin, end)
        nodes[:, NODE_BOUNDS + 3 + axis] = _reduce(np.maximum, upper_q24[order, axis], begin, end)
    return Tree(order, nodes)


def _node_counts(count: int) -> dict[int, int]:
    """Number of nodes of trees over ``count`` triangles and over every number that halving it leads to."""
    sizes = [count]
    for size in sizes:
        if size > LEAF_TRIANGLES_MAX:
            sizes.extend(half for half in ((size + 1) // 2, size // 2) if half not in sizes)
    counts: dict[int, int] = {}
    for size in sorted(sizes):
        is_leaf = size <= LEAF_TRIANGLES_MAX
        counts[size] = 1 if is_leaf else 1 + counts[(size + 1) // 2] + counts[size // 2]
    return counts


def _note_segments(nodes: Words, node: Words, first: Words, size: Words) -> None:
    """Keep the range of triangles of each node where its bounds will be written."""
    nodes[node, 0] = first
    nodes[node, 1] = first + size


def _sort_segments(order: Words, middle: Words, first: Words, size: Words) -> None:
    """Sort the triangles of each segment along its widest axis, in place."""
    total = int(size.sum())
    segment = np.repeat(np.arange(len(size)), size)
    start = np.concatenate(([0], np.cumsum(size)[:-1]))
    place = np.arange(total) - np.repeat(start, size) + np.repeat(first, size)
    rank = order[place]
    spread = np.stack(
        [
            np.maximum.reduceat(middle[rank, axis], start) - np.minimum.reduceat(middle[rank, axis], start)
            for axis in range(3)
        ],
        axis=1,
    )
    widest = np.argmax(spread, axis=1)
    key = middle[rank, np.repeat(widest, size)]
    order[place] = rank[np.lexsort((rank, key, segment))]


def _reduce(function: np.ufunc, values: Words, begin: Words, end: Words) -> Words:
    """Least or greatest of each range of values."""
    padded = np.append(values, values[-1])
    pairs = np.stack((begin, end), axis=1).reshape(-1)
    reduced: Words = function.reduceat(padded, pairs)[::2]
    return reduced
