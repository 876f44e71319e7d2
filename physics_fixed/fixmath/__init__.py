"""Fixed-point mathematics on int64, exact or with a stated worst error."""
