"""Queries: rays, shapes moved along a path, overlaps, closest points."""

from __future__ import annotations

from physics_fixed.queries.filters import QueryFilter as QueryFilter
from physics_fixed.queries.interface import Queries as Queries
from physics_fixed.queries.results import Hit as Hit
from physics_fixed.queries.results import Hits as Hits
from physics_fixed.queries.results import Overlaps as Overlaps
