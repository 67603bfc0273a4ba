"""Every bound of the broker in one place; each has a default that suits some thousand devices in one process."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, durations (`_for`) in milliseconds unless MQTT counts in seconds."""

    connect_for: int = 10_000  # from the first byte of TCP or TLS to CONNACK
    connect_bytes: int = 16_384  # the largest CONNECT, before anybody is known
    connections: int = 20_000
    admissions: int = 4  # credentials checked at the same time
    admissions_waiting: int = 4_000
    packet_bytes: int = 131_072
    receive_maximum: int = 64  # unacknowledged QoS 1 messages, each way
    topic_aliases: int = 16
    topic_length: int = 512
    topic_levels: int = 16
    subscriptions: int = 32  # for each session
    keep_alive_seconds: int = 300
    session_expiry_seconds: int = 86_400
    sessions_away: int = 50_000  # sessions kept for devices that are not connected
    queue_messages: int = 256  # for each session
    queue_bytes: int = 262_144
    outgoing_bytes: int = 262_144  # written but not taken by the peer; from here on it is a slow consumer
    slow_for: int = 10_000
    closing_for: int = 2_000  # for a peer to take the last bytes
    retained_messages: int = 100_000
    retained_bytes: int = 67_108_864
    retained_each: int = 16  # retained messages of one device
    retained_bytes_each: int = 262_144
    beat_for: int = 250  # how often due things are looked for
