"""A running core: the clock, the sockets and the disk around a peer."""
