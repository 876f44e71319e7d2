"""What all tests share: property tests that draw the same examples everywhere, and no deadline of time."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, max_examples=60
)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("repeatable")
