"""Errors of physics_fixed: whose fault it is, by type.

:class:`LocalError` is a misuse of the public API by the local program: the message names the value and the
allowed range. :class:`RemoteError` is bad data that came from elsewhere (a snapshot, a wire form). A broken
promise inside the package is an ``assert``.
"""

from __future__ import annotations


class PhysicsError(Exception):
    """Root of all errors that physics_fixed raises on purpose."""


class LocalError(PhysicsError):
    """The local program asked for something that is not allowed."""


class RemoteError(PhysicsError):
    """Data from elsewhere is malformed."""


class ConfigurationError(LocalError):
    """The environment asks for something that does not exist."""


class NumberError(LocalError, ValueError):
    """A number has the wrong type (a float), cannot be written exactly enough, or is out of its range."""


class IdentityError(LocalError, LookupError):
    """An id names nothing that is alive."""


class SchemaError(LocalError):
    """A declaration of tables or columns contradicts itself or another."""


class SnapshotError(RemoteError):
    """A snapshot or its wire form does not belong to this schema, or is malformed."""


class SelfTestError(PhysicsError):
    """This build does not compute the bits it must compute; it may not take part in any session."""
