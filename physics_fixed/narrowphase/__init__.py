"""Narrowphase: contact points of pairs of shapes, with feature ids that persist from step to step."""
