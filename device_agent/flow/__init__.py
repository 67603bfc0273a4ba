"""The shared mind: the RFC 8628 client as a state machine. No I/O, no clock, MicroPython-safe."""
