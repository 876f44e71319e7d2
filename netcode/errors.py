"""Errors of the network code: whose fault it is decides the root class."""

from __future__ import annotations


class NetcodeError(Exception):
    """Root of every error that this package raises on purpose."""


class LocalError(NetcodeError):
    """The caller asked for what is not allowed; the message names the value and the allowed range."""


class RemoteError(NetcodeError):
    """A peer sent something wrong or went away; its link closes, the process lives."""


class LimitExceeded(LocalError):
    """A value passed by the caller is outside its stated limits."""


class UnknownLink(LocalError):
    """No link has this number."""


class UnknownEmitter(LocalError):
    """Updates of this emitter are neither emitted nor followed here."""


class AddressRefused(LocalError):
    """The address is not a usable one; without sealing only loopback addresses are."""


class MalformedMessage(RemoteError):
    """Bytes from a peer do not form a message of the standard."""


class TermsDiffer(RemoteError):
    """The peers do not agree on one term of the session, so no link is made.

    Attributes
    ----------
    field : str
        Path of the first term that differs, such as ``world.schema``.
    local, remote : str
        The term on this side and on the other side, shortened text.
    """

    def __init__(self, field: str, local: str, remote: str) -> None:
        super().__init__(f"session term {field!r} differs: here {local}, there {remote}")
        self.field = field
        self.local = local
        self.remote = remote


class HandshakeRefused(RemoteError):
    """The other side refused the link for a reason other than differing terms.

    Attributes
    ----------
    reason : str
        A short word such as ``full`` or ``leaving``.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"link refused: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail


class HandshakeTimeout(RemoteError):
    """The other side did not complete the handshake in time."""


class ConnectionLost(RemoteError):
    """The stream to a peer ended or could not be opened."""
