"""The engine against closed forms of mechanics; the scenes are in ``closed_forms.py``."""

from __future__ import annotations

import pytest

from tests.physics_fixed.verification.closed_forms import CASES


@pytest.mark.parametrize("name", CASES)
def test_scene_follows_its_closed_form(name: str) -> None:
    case = CASES[name]
    assert case.error() <= case.tolerance
