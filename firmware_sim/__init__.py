"""Simulated devices: the agent's own mind with somebody else's clock and network."""
