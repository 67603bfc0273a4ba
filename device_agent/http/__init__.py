"""The agent's own HTTP: the smallest client that is safe to give tokens to. MQTT lives in `device_agent/mqtt`."""
