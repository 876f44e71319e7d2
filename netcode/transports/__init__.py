"""Sockets: the only part of this package that does I/O."""
