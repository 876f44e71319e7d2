"""Sockets for the protocol machines, on asyncio."""
