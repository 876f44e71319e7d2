"""The desktop terminal: a window onto a running core, with keyboard, mouse and gamepad."""
