"""The names of the buttons and axes of a session: a session term, the same on every core."""

from __future__ import annotations

from dataclasses import dataclass

from lockstep.errors import InputError
from lockstep.limits import AXES_MAX, BUTTONS_MAX, NAME_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class InputLayout:
    """What a player has in hand.

    Parameters
    ----------
    buttons : tuple of str
        Names; button ``i`` is bit ``i`` of the quantised input. At most 32.
    axes : tuple of str
        Names; each axis is -32767 to 32767. At most 16.
    absolute_axes : tuple of str
        Axes that say where something points or stands (a look direction), not how far a stick is pushed. Of
        several terminals of one core the one that moved last decides an absolute axis, and the farthest push
        the others.

    Raises
    ------
    InputError
        For names that are empty, no identifiers or given twice, and for too many of them.
    """

    buttons: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    absolute_axes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_names(self.buttons, where="buttons", count_max=BUTTONS_MAX)
        _check_names(self.axes, where="axes", count_max=AXES_MAX)
        for name in self.absolute_axes:
            if name not in self.axes:
                allowed = ", ".join(self.axes) or "none, as there are no axes"
                raise InputError(f"{name!r} is no axis", where="absolute_axes", allowed=allowed)

    def button_bit(self, name: str) -> int:
        """The bit of a button.

        Raises
        ------
        InputError
            If the layout has no such button.
        """
        if name not in self.buttons:
            raise InputError(
                f"no button {name!r}", where="buttons", allowed=", ".join(self.buttons) or "none"
            )
        return 1 << self.buttons.index(name)

    def axis_index(self, name: str) -> int:
        """The index of an axis.

        Raises
        ------
        InputError
            If the layout has no such axis.
        """
        if name not in self.axes:
            raise InputError(f"no axis {name!r}", where="axes", allowed=", ".join(self.axes) or "none")
        return self.axes.index(name)

    def terms(self) -> dict[str, list[str]]:
        """The layout as plain lists, for the handshake and for terminals."""
        return {
            "buttons": list(self.buttons),
            "axes": list(self.axes),
            "absolute_axes": list(self.absolute_axes),
        }


def _check_names(names: tuple[str, ...], *, where: str, count_max: int) -> None:
    if len(names) > count_max:
        raise InputError(f"{len(names)} names", where=where, allowed=f"at most {count_max}")
    for index, name in enumerate(names):
        if not name.isidentifier() or not name.isascii() or len(name) > NAME_LENGTH_MAX:
            raise InputError(
                f"name {name!r}", where=where, allowed=f"ASCII identifiers of 1 to {NAME_LENGTH_MAX} letters"
            )
        if name in names[:index]:
            raise InputError(
                f"name {name!r} of entry {index} is already that of entry {names.index(name)}",
                where=where,
                allowed="each name once",
            )


# Of worlds with avatars. move_x: right +, move_z: forward +, look_yaw: in half turns, 0 looks along -z,
# positive turns left, look_pitch: in quarter turns, positive looks up.
AVATAR_LAYOUT = InputLayout(
    buttons=("jump", "run", "grab", "throw", "spawn"),
    axes=("move_x", "move_z", "look_yaw", "look_pitch"),
    absolute_axes=("look_yaw", "look_pitch"),
)
