"""The embedded MQTT 5 broker: sessions, routing, authorization. It knows topics and credentials, never OAuth.

The packets are in `device_agent/mqtt`, shared with the device; who may connect is asked of a doorkeeper, whom
`server/app.py` appoints.
"""
