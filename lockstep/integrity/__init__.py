"""Finding out that two cores differ, where, and who has to yield."""

from lockstep.integrity.checks import Check, StateChecks
from lockstep.integrity.descent import Descent
from lockstep.integrity.vote import Verdict, decide

__all__ = ["Check", "Descent", "StateChecks", "Verdict", "decide"]
