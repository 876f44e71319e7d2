"""Terminals and the command line: what a person starts, looks at and acts through."""
