"""What a bad terminal message raises."""

from __future__ import annotations

from lockstep.errors import RemoteError

ECHO_SIZE_MAX = 120


class MalformedMessage(RemoteError):
    """A message that breaks the terminal protocol.

    The core answers it with an `error` message of the same three parts; the terminal stays attached.

    Parameters
    ----------
    what : str
        What was found, with the value.
    where : str
        The field, as a path such as ``input.axes.move_x``.
    allowed : str
        What would have been right.
    """

    def __init__(self, what: str, *, where: str, allowed: str) -> None:
        super().__init__(f"{where}: {what}; allowed: {allowed}")
        self.what = what
        self.where = where
        self.allowed = allowed


def shorten(value: object) -> str:
    """Printable form of a hostile value, bounded.

    Returns
    -------
    str
        At most `ECHO_SIZE_MAX` characters.
    """
    text = ascii(value)
    return text if len(text) <= ECHO_SIZE_MAX else text[: ECHO_SIZE_MAX - 3] + "..."
