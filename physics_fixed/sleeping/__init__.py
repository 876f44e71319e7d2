"""Sleep: islands that rest are left alone until something happens to them.

See docs/physics/sleeping.md.
"""
