"""Socket.IO packets as text, strictly.

The format of Socket.IO protocol 5: ``<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]``.
What does not follow it is an `UndecodableError`, never a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engineio import packet as eio
from socketio import packet as sio

from .codec import Codec, UndecodableError, UnencodableError
from .frames import Frame, binary_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)

# A client that sends a name of the protocol's libraries forges a lifecycle event. One that sends "*"
# reaches a catch-all handler as if "*" were its event: the handler takes the first argument for the name.
RESERVED_EVENTS = frozenset(
    {"*", "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"},
)
_MAX_ID_DIGITS = 20
_HEADS = tuple(f"4{kind}".encode() for kind in range(7))  # an Engine.IO message, a Socket.IO packet


class Packet(NamedTuple):
    """One decoded Socket.IO packet; of a binary one, `attachments` are still to come.

    Once they are there, `size` is that of all its messages.
    """

    type: int
    namespace: str
    id: int | None
    payload: Any
    attachments: int = 0
    size: int = 0


def decode_packet(text: str, codec: Codec, *, max_attachments: int, start: int = 1) -> Packet:
    """Read a packet from `text` at `start`, behind Engine.IO's own type digit.

    Raises:
        UndecodableError: `text` is not a packet that clients may send.
    """
    kind = text[start : start + 1]
    if not ("0" <= kind <= "6"):
        raise UndecodableError("unknown packet type")
    position = start + 1
    attachments = 0
    if kind in "56":
        dash = text.find("-", position)
        attachments = _digits(text[position:dash], 4) if dash > 0 else 0
        if not 0 < attachments <= max_attachments:
            raise UndecodableError("more attachments than Limits.attachments, or none")
        position = dash + 1
    if kind in "25":
        namespace, ack_id, payload = decode_event(text, position, codec.loads)
        return Packet(int(kind), namespace, ack_id, payload, attachments)
    namespace, position = read_namespace(text, position)
    if kind in "36":
        return _ack(text, position, int(kind), namespace, attachments, codec)
    if kind == "0":
        return Packet(CONNECT, namespace, None, _auth(text, position, codec))
    if kind == "1" and position >= len(text):
        return Packet(DISCONNECT, namespace, None, None)
    raise UndecodableError("packet that no client sends")


def decode_event(text: str, position: int, loads: Callable[[str], Any]) -> tuple[str, int | None, list[Any]]:
    """Return namespace, ack id and arguments, event name first, of an EVENT whose type is already read.

    Raises:
        UndecodableError: The text is not a valid list of arguments.
    """
    namespace = "/"
    bracket = text.find("[", position)
    if bracket > position and text[position] == "/":
        namespace, position = read_namespace(text, position)
        bracket = text.find("[", position)
    if bracket < 0:
        raise UndecodableError("event without arguments")
    ack_id = _digits(text[position:bracket], _MAX_ID_DIGITS) if bracket > position else None
    payload = loads(text[bracket:])
    if not payload or type(payload[0]) is not str:
        raise UndecodableError("event without a name")
    return namespace, ack_id, payload


def _auth(text: str, position: int, codec: Codec) -> dict[str, Any] | None:
    """Return the auth of a CONNECT: an object, or None if it is left out, as JavaScript's parser has it."""
    if position >= len(text):
        return None
    auth = codec.loads(text[position:])
    if type(auth) is not dict:
        raise UndecodableError("auth that is not an object")
    return auth


def read_namespace(text: str, position: int) -> tuple[str, int]:
    """Return the namespace that stands at `position`, and where the rest of the packet begins."""
    if not text.startswith("/", position):
        return "/", position
    comma = text.find(",", position)
    end = len(text) if comma < 0 else comma
    return text[position:end].partition("?")[0], end + 1


def _digits(text: str, longest: int) -> int:
    if not (text.isdecimal() and text.isascii()) or len(text) > longest:
        raise UndecodableError("not a number")
    return int(text)


def _ack(text: str, position: int, kind: int, namespace: str, attachments: int, codec: Codec) -> Packet:
    bracket = text.find("[", position)
    if bracket <= position:
        raise UndecodableError("acknowledgement without id or arguments")
    ack_id = _digits(text[position:bracket], _MAX_ID_DIGITS)
    return Packet(kind, namespace, ack_id, codec.loads(text[bracket:]), attachments)


def check_packet(packet: Packet, *, max_attachments: int) -> Packet:
    """Check what another packet class has read by the same rules.

    Raises:
        UndecodableError: Clients may not send the packet.
    """
    kind, namespace, ack_id, payload, *_ = packet
    if type(kind) is not int or type(namespace) is not str or not namespace.startswith("/"):
        raise UndecodableError("unknown packet type, or no namespace")
    if ack_id is not None and (type(ack_id) is not int or not 0 <= ack_id < 10**_MAX_ID_DIGITS):
        raise UndecodableError("not an ack id")
    well_formed = {
        CONNECT: payload is None or isinstance(payload, dict),
        DISCONNECT: True,
        EVENT: isinstance(payload, list) and bool(payload) and isinstance(payload[0], str),
        ACK: isinstance(payload, list) and ack_id is not None,
    }
    plain = {BINARY_EVENT: EVENT, BINARY_ACK: ACK}.get(kind, kind)
    if not well_formed.get(plain, False) or packet.attachments > max_attachments:
        raise UndecodableError("packet that no client sends")
    return packet


def attach(payload: Any, attachments: Sequence[bytes]) -> Any:
    """Put attachments where their placeholders stand.

    Raises:
        UndecodableError: An attachment has no placeholder, or more than one.
    """
    unused = set(range(len(attachments)))

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(child) for child in value]
        if not isinstance(value, dict):
            return value
        if value.get("_placeholder", False) is False:
            return {key: fill(child) for key, child in value.items()}
        number = value.get("num")
        # Clients in Python take anything that is true for a placeholder, and stumble over the number.
        if value["_placeholder"] is not True or type(number) is not int or number not in unused:
            raise UndecodableError("placeholder without attachment")
        unused.remove(number)
        return attachments[number]

    filled = fill(payload)
    if unused:
        raise UndecodableError("attachment without placeholder")
    return filled


def arguments_in(kind: int, payload: Any) -> Any:
    """Return the payload of a packet without the event's name."""
    return payload[1:] if kind == EVENT else payload


def encode_packet(
    kind: int,
    payload: Any,
    codec: Codec,
    namespace: str = "/",
    ack_id: int | None = None,
) -> list[Frame]:
    """Return the frames of one packet: its text, then its attachments.

    Raises:
        UnencodableError: `payload` has no JSON form, or holds bytes and is neither event nor ack.
    """
    attachments: list[bytes] = []
    try:
        body = b"" if payload is None else codec.dumps(payload, attachments)
    except UnencodableError as error:
        raise UnencodableError.of(error, arguments_in(kind, payload)) from None
    head = "" if ack_id is None else str(ack_id)
    if namespace != "/":
        head = f"{namespace},{head}"
    if not attachments:
        return [Frame(_HEADS[kind] + head.encode() + body)]
    if kind not in (EVENT, ACK):
        raise UnencodableError("bytes where the protocol has no place for them")
    if body.count(b'"_placeholder":') - body.count(b'"_placeholder":false') != len(attachments):
        # Receivers would take it for one of the attachments, or fail if no attachment has that number.
        raise UnencodableError("a member named _placeholder beside bytes")
    binary = BINARY_EVENT if kind == EVENT else BINARY_ACK
    text = Frame(_HEADS[binary] + f"{len(attachments)}-{head}".encode() + body)
    return [text, *map(binary_frame, attachments)]


def packet_class(codec: Codec, *, max_attachments: int) -> type[Any]:
    """python-socketio's packet class on top of the functions above.

    A class per server, because upstream keeps options on the class.
    """

    class StrictPacket(sio.Packet):  # type: ignore[misc]  # python-socketio is untyped
        @classmethod
        def data_is_binary(cls, data: Any) -> bool:  # noqa: ARG003  # upstream's signature
            return False  # the encoder says when it meets bytes

        def encode(self) -> Any:
            frames = encode_packet(
                self.packet_type, self.data, codec, namespace=self.namespace or "/", ack_id=self.id
            )
            packets = [frame.body if frame.binary else frame.body[1:].decode() for frame in frames]
            return packets if len(packets) > 1 else packets[0]

        def decode(self, encoded_packet: str) -> int:
            packet = decode_packet(encoded_packet, codec, max_attachments=max_attachments, start=0)
            self.packet_type, self.namespace = packet.type, packet.namespace
            self.id, self.data = packet.id, packet.payload
            return packet.attachments

        @classmethod
        def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
            return attach(data, attachments)

    return StrictPacket


def engine_frame(packet: Any) -> Frame:
    """Return the frame of a packet of python-engineio, for what upstream's own code sends."""
    if isinstance(packet, Frame):
        return packet
    if packet.packet_type == eio.MESSAGE and packet.binary:
        return binary_frame(bytes(packet.data))
    return Frame(packet.encode().encode())
