"""Worlds that come with the program."""
