"""Tick inputs: from what devices say to the bytes that every core simulates from."""
