"""Simulated devices: the agent's own mind with somebody else's clock and network.

`porchlight-sim` (`__main__.py`) runs a fleet of them against one server and says what became of each. A device is a
short loop over `device_agent.flow`; what real devices do wrong is in `habits/`, one file per bad habit; the people who
approve are in `person.py` and use the real pages. Nothing here imports the server: HTTP and MQTT are the only ways.
"""
