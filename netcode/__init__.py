"""An acknowledged, ordered queue of updates between peers."""
