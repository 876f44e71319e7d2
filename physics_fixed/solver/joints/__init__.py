"""Joints in the solver: links and rods, their colours, frames and passes. See docs/physics/joints.md."""
