"""Data and behaviour attached to slots: simulated plugins write, observers only read."""
