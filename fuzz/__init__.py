"""Simulated sessions, faults and checkers that search for a desync before a player finds one."""
