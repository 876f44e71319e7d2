"""A core as the protocol sees it: session, world, membership and network joined, without a clock."""
