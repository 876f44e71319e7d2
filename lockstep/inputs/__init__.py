"""What a player does in a tick: layout, quantisation, canonical bytes, prediction."""
