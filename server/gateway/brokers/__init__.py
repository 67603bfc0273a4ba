"""One adapter per broker, the port they fulfil, and the choice between them."""

from collections.abc import Callable

from server.broker.port import Doorkeeper
from server.settings import Settings

from .port import Broker


def open_broker(settings: Settings, doorkeeper: Doorkeeper, now: Callable[[], int]) -> Broker | None:
    """The broker that the settings ask for, not yet started; None when MQTT is off."""
    if settings.mqtt_port < 0:
        return None
    # Only the adapter that is used is imported: a server without MQTT does not carry a broker in memory.
    from .embedded import EmbeddedBroker

    return EmbeddedBroker(settings, doorkeeper, now)
