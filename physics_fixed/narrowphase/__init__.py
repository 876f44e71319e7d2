"""Contact points of candidate pairs, with features that keep their identity from step to step."""
