"""State hashes compared between cores, and the way from a mismatch to the differing cell."""
