"""Solver: contact constraints in small substeps with soft contacts, in the canonical order of colours."""
