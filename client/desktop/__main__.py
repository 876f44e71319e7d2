"""Starts the desktop terminal: ``python -P -m client.desktop --connect ADDRESS``."""

from __future__ import annotations

import sys

from client.desktop.application import main

if __name__ == "__main__":
    sys.exit(main())
