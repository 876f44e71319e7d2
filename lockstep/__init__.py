"""Lockstep sessions: one world, simulated from exchanged inputs on every core."""
