"""The post room: one MQTT call becomes one in-process request under `server/api`, and one MQTT reply."""
