"""The terminal in a browser page, served by the core."""
