"""A rollback session: which tick to simulate now, from which inputs, and which ones again."""

from lockstep.session.delay import DelayController
from lockstep.session.pacing import Pacer
from lockstep.session.requests import Advance, Load, Request, Save
from lockstep.session.ring import SnapshotRing
from lockstep.session.session import ConfirmedTick, Session, SessionFigures
from lockstep.session.terms import SessionTerms

__all__ = [
    "Advance",
    "ConfirmedTick",
    "DelayController",
    "Load",
    "Pacer",
    "Request",
    "Save",
    "Session",
    "SessionFigures",
    "SessionTerms",
    "SnapshotRing",
]
