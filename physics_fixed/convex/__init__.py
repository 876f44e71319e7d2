"""How far apart convex shapes are: their leaves, cores and the distance of two cores."""
