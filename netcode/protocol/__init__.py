"""The protocol machines: bytes and time in, bytes and events out, without sockets."""
