"""MQTT 5 packets as values and bytes: strict, without I/O, within the MicroPython subset (MQTT 5 sections 2 and 3).

Client: `client.decoder()` reads what a broker says, `client.encode(packet)` writes what a client says.
Broker: the other half is `broker.decoder()` and `broker.encode(packet)`; firmware never needs to load it.
Packets are in `shapes`, properties in `properties`, reason codes in `reasons`; a broken rule raises `MqttError`.
"""
