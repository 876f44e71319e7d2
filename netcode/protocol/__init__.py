"""Pure protocol machines: no clock, no sockets, no entropy."""
