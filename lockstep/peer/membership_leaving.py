"""How a core goes without loss: it asks until it sees the change, and tells of one that only it may know."""

from __future__ import annotations

from lockstep.peer.membership_contacts import Timing
from lockstep.peer.membership_rules import Agreement
from lockstep.peer.views import Member, View

LEFT, DROPPED, UNANSWERED = "left", "dropped", "unanswered"


class Certificates:
    """Whom the core that decided a view tells of it again, until each has answered in the new epoch."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._until_us: dict[Member, int] = {}

    @property
    def are_waited_for(self) -> bool:
        """Whether anyone has not answered."""
        return bool(self._until_us)

    def begin(self, agreement: Agreement, view: View, previous: View, now_us: int) -> None:
        """Begin with a view that was installed; only the core that decided it tells of it unasked."""
        self._until_us.clear()
        if agreement.is_decider:
            agreement.is_decider = False
            until_us = now_us + self._timing.suspect_us_min
            members = dict.fromkeys((*previous.members, *view.members))
            self._until_us = {member: until_us for member in members if member != agreement.local}

    def answered(self, member: Member) -> None:
        """A member was heard in the new epoch."""
        self._until_us.pop(member, None)

    def is_answered_by_any(self, view: View) -> bool:
        """Tell whether a member of the view was heard in its epoch."""
        return any(member not in self._until_us for member in view.members)

    def repeat(self, agreement: Agreement, epoch: int, now_us: int) -> None:
        """Send the certificate that ends `epoch` again."""
        for member, until_us in list(self._until_us.items()):
            if now_us < until_us:
                agreement.answer_behind(member, epoch)
            elif not agreement.is_out:
                del self._until_us[member]


class Leaving:
    """The end of a core's membership.

    Attributes
    ----------
    is_asked : bool
        Whether the core wants to leave.
    deadline_us : int or None
        When it goes, agreed or not.
    reason : str or None
        Why it is out: ``left``, ``dropped`` or ``unanswered``; None as long as it is in.
    is_over : bool
        Whether nothing more is to be said.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.is_asked = False
        self.deadline_us: int | None = None
        self.reason: str | None = None
        self.is_over = False

    def ask(self, now_us: int) -> None:
        """Begin to leave."""
        self.is_asked = True
        self.deadline_us = now_us + self._timing.leave_us

    def go_out(self, agreement: Agreement, certificates: Certificates, now_us: int) -> None:
        """The view without this core is known."""
        self.reason = LEFT if self.is_asked else DROPPED
        # The others may know of a change from its decider only, which therefore stays until one has answered.
        self.is_over = not agreement.is_decider
        certificates.begin(agreement, agreement.views[-1], agreement.view, now_us)
        if self.deadline_us is None:
            self.deadline_us = now_us + self._timing.leave_us

    def finish(self, reason: str) -> None:
        """Go without anyone's leave: nobody else is there, or nobody answers."""
        self.reason = reason
        self.is_over = True

    def update(self, agreement: Agreement, certificates: Certificates, now_us: int) -> None:
        """Go once the others know, or when the time is over."""
        if self.is_over or self.deadline_us is None:
            return
        is_late = now_us >= self.deadline_us
        if self.reason is None and is_late:
            self.finish(UNANSWERED)
        elif self.reason is not None:
            self.is_over = is_late or certificates.is_answered_by_any(agreement.views[-1])
