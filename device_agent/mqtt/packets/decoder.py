"""Bytes in, packets out: cuts a stream into packets and refuses a broken one before keeping it (MQTT 5 section 2.1)."""

from . import reasons
from .shapes import PUBLISH, PUBREL, SUBSCRIBE, UNSUBSCRIBE, Packet
from .wire import MqttError, malformed, protocol_error


class Decoder:
    """`for packet in decoder.feed(data): ...` raises MqttError at the first packet that breaks a rule.

    `maximum_packet_size` counts whole packets in bytes; a larger one is refused on its header, before its
    body is kept. `awaited` is the only packet type taken next, or 0 for any. After an error the connection is at its
    end: feed no more.
    """

    known = b""  # the packet types that this side may be sent

    def __init__(self, maximum_packet_size: int) -> None:
        self.maximum_packet_size = maximum_packet_size
        self.awaited = 0
        self._kept: bytes | bytearray = b""
        self._at = 0

    def read(self, kind: int, flags: int, body: bytes) -> Packet:
        """One body as a packet; each side has its own."""
        raise NotImplementedError

    def feed(self, data: bytes) -> "Decoder":
        """Add what arrived, in pieces of any size, and return the iterator over the packets that are complete."""
        if self._at == len(self._kept):
            self._kept = data
        elif isinstance(self._kept, bytearray) and not self._at:
            self._kept += data  # grows in place, so a packet sent byte by byte costs no more than its size
        else:
            self._kept = bytearray(self._kept[self._at :]) + data
        self._at = 0
        return self

    @property
    def pending(self) -> int:
        """How many bytes wait to be read or to be completed."""
        return len(self._kept) - self._at

    def __iter__(self) -> "Decoder":
        return self

    def __next__(self) -> Packet:
        kept = self._kept
        start = self._at
        if start == len(kept):
            self._kept = b""
            self._at = 0
            raise StopIteration
        first = kept[start]
        self._refuse_first(first)
        size, body_at = self._size(kept, start + 1)
        if not body_at or body_at + size > len(kept):
            raise StopIteration
        self._at = body_at + size
        return self.read(first >> 4, first & 0x0F, bytes(kept[body_at : self._at]))

    def _refuse_first(self, first: int) -> None:
        """Type and reserved flags are known from the first byte, so garbage ends here (section 2.1.3)."""
        kind = first >> 4
        if self.awaited and kind != self.awaited:
            raise protocol_error("another packet was due first")
        if kind not in self.known:
            raise protocol_error("this side does not take packets of type " + str(kind))
        flags = 2 if kind in (PUBREL, SUBSCRIBE, UNSUBSCRIBE) else 0
        if kind != PUBLISH and first & 0x0F != flags:
            raise malformed("reserved flags are set")

    def _size(self, kept: bytes | bytearray, at: int) -> tuple[int, int]:
        """(length of the body, its offset); the offset is 0 as long as the length is not complete."""
        size = 0
        for shift in (0, 7, 14, 21):
            if at == len(kept):
                return 0, 0
            byte = kept[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    raise malformed("a variable byte integer is longer than it need be")
                if size + 2 + shift // 7 > self.maximum_packet_size:
                    raise MqttError(
                        reasons.PACKET_TOO_LARGE,
                        f"a packet has {size} bytes of body, a whole packet may have {self.maximum_packet_size}",
                    )
                return size, at
        raise malformed("a variable byte integer is longer than four bytes")
