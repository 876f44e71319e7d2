"""Islands, the canonical order of constraints, and the substeps that solve them."""
