"""The agent on a TV or a Pi: polls, shows the QR code, keeps the tokens, calls APIs over MQTT.

Standard library, paho-mqtt and qrcode only. The server is never imported: HTTP and MQTT are the only way to it.
"""
