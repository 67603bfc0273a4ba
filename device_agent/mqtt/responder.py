"""Where a device answers a command: only where it may publish, never where somebody else points it (MQTT 5 4.10)."""

from device_agent.mqtt import envelope, topics

UNKNOWN = 404


def answer_topic(device_id: str, topic: str, response_topic: str | None) -> str | None:
    """The topic for the answer to a message under `topic`; None when it is no command of this device's.

    Also None when the Response Topic is not below the device's own `v1/{id}/up/`: whoever asks there gets no answer.
    """
    place = topics.parse(topic)
    if place is None or place.kind != topics.COMMAND or place.device_id != device_id:
        return None
    if response_topic is None:
        return topics.command_result(device_id, place.names[1])
    is_own = topics.is_name(response_topic) and response_topic.startswith(topics.branch(device_id, topics.UP))
    return response_topic if is_own else None


def unknown_command(topic: str) -> bytes:
    """The envelope that says so: better than silence, which an operator would take for a lost message."""
    place = topics.parse(topic)
    name = place.names[0] if place is not None and place.names else ""
    return envelope.encode(UNKNOWN, {"error": "unknown_command", "error_description": "no such command: " + name})
