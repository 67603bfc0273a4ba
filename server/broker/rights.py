"""What one admission allows, asked at every step and answered with a reason code (MQTT 5 section 4.13, RFC 9431)."""

from device_agent.mqtt import topics
from device_agent.mqtt.packets import reasons
from server.broker.limits import Limits
from server.broker.port import Admission


def publish_refusal(admission: Admission, topic: str, response_topic: str | None, limits: Limits) -> int:
    """0, or why this may not be published: 0x90 for a topic too long, 0x87 for one of somebody else."""
    if len(topic) > limits.topic_length or topic.count("/") >= limits.topic_levels:
        return reasons.TOPIC_NAME_INVALID
    if not any(topics.matches(granted, topic) for granted in admission.publish):
        return reasons.NOT_AUTHORIZED
    if response_topic is not None and not is_own_answer(admission.device_id, response_topic):
        return reasons.NOT_AUTHORIZED
    return reasons.SUCCESS


def may_read(admission: Admission, topic: str) -> bool:
    """Whether a message that was kept for a device may still reach it."""
    return any(topics.matches(granted, topic) for granted in admission.subscribe)


def is_own_answer(device_id: str, response_topic: str) -> bool:
    """A device may ask for answers under its own `v1/{id}/dn/` alone, or the server would write to others for it."""
    return response_topic.startswith(f"v1/{device_id}/dn/")


def subscribe_refusal(admission: Admission, topic_filter: str, limits: Limits) -> int:
    """0, or why this may not be subscribed to; a shared subscription needs the right to its filter."""
    if len(topic_filter) > limits.topic_length or topic_filter.count("/") >= limits.topic_levels:
        return reasons.TOPIC_FILTER_INVALID
    pair = topics.share(topic_filter)
    asked = pair[1] if pair else topic_filter
    if any(topics.covers(granted, asked) for granted in admission.subscribe):
        return reasons.SUCCESS
    return reasons.NOT_AUTHORIZED
