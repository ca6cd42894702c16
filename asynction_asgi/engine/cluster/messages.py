"""The messages on the queue: those of python-socketio, numbered, as strict JSON, signed if there is a secret.

Every message begins with the ID of its sender, as ``host_id`` or, where that member names the recipient, as
``sender``, so that a process can skip its own without parsing them. It ends with its number ``n``, by which
receivers drop duplicates and notice missing messages. Processes of python-socketio ignore both, and send no
numbers.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from typing import TYPE_CHECKING, Any

from ...logs import Throttle
from ...reasons import Dropped
from ..logs import logger
from ..wire.codec import UndecodableError, UnencodableError, choose_codec
from .seals import ForgedError, is_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .seals import Seal

# Receivers that know nothing of its sender yet skip a message with this member: it was confirmed before.
_AGAIN = ',"again":true}'
_MOST = 1 << 53
# All processes ignore it, those of python-socketio included.
EMPTY = "{}"


class QueueJson:
    """Reads and writes messages, as strictly as packets of clients.

    Attributes:
        dropped: Number of messages that were dropped on receipt, by the reason.
    """

    def __init__(self, seal: Seal | None = None) -> None:
        self._codec = choose_codec(None, depth=512)
        self._seal = seal
        self._throttle = Throttle()
        self.dropped: Counter[str] = Counter()

    def check(self, value: Any) -> str:
        """Return the text of a value, unsigned.

        Raises:
            UnencodableError: It has no JSON form.
        """
        text, attachments = self._encode(
            value, value.get("data", value) if isinstance(value, dict) else value
        )
        if attachments:
            raise UnencodableError("bytes outside a packet")
        return text

    def emit(self, data: Any, *, method: str = "emit", **members: Any) -> str:
        """Return the text of an emit, unsigned, in python-socketio's form: bytes follow the data as Base64.

        Args:
            data: One argument, or several as a tuple.
            method: The method of another message of the same form.
            members: The other members; ``sender``, or else ``host_id``, names this process.

        Raises:
            UnencodableError: `data` has no JSON form, or a member that looks like a placeholder for bytes.
        """
        arguments = list(data) if isinstance(data, tuple) else [data]
        body, attachments = self._encode(arguments, data)
        if attachments:
            if body.count('"_placeholder":') - body.count('"_placeholder":false') != len(attachments):
                raise UnencodableError("a member named _placeholder beside bytes")
            encoded = ",".join(f'"{b64encode(buffer).decode()}"' for buffer in attachments)
            body = f"[{body},{encoded}]"
        first = "sender" if "sender" in members else "host_id"  # where `is_own` looks
        head = self.check({first: members[first], **members, "method": method, "binary": bool(attachments)})
        return f'{head[:-1]},"data":{body}}}'

    def relay(self, message: dict[str, Any]) -> str | None:
        """Return the text of a message of python-socketio, unsigned, or None for an answer without a JSON form.

        An answer with bytes has the form of an emit, as python-socketio has none for it.

        Raises:
            UnencodableError: It has no JSON form, or bytes outside an answer.
        """
        text, attachments = self._encode(message, message)
        if not attachments:
            return text
        if "args" not in message:
            raise UnencodableError("bytes outside a packet")
        members = {name: value for name, value in message.items() if name != "args"}
        return self.answer(message["args"], **members)

    def answer(self, arguments: Sequence[Any], **members: Any) -> str | None:
        """Return the text of a client's answer, unsigned; if it has no JSON form, count it and return None.

        Clients that speak MessagePack can send values that have no JSON form.
        """
        try:
            return self.emit(tuple(arguments), **members)
        except UnencodableError as error:
            self.drop(Dropped.ANSWER_WITHOUT_FORM, detail=str(error))
            return None

    def _encode(self, value: Any, shown: Any) -> tuple[str, list[bytes]]:
        attachments: list[bytes] = []
        try:
            return self._codec.dumps(value, attachments).decode(), attachments
        except UnencodableError as error:
            raise UnencodableError.of(error, shown) from None

    def read(self, text: str) -> dict[str, Any]:
        """Parse a text of this process that is not signed yet."""
        message: dict[str, Any] = self._codec.loads(text)
        return message

    def returns(self, value: Any) -> bool:
        """Return whether a value survives the queue unchanged, with all its types."""
        try:
            return _is_same(value, self._codec.loads(self.check(value)))
        except ValueError:  # an UnencodableError is one
            return False

    def seal(self, text: str) -> str:
        """Sign a text if there is a secret; the result differs each time."""
        return text if self._seal is None else self._seal.seal(text)

    def asks(self, body: bytes, process: str, method: str) -> bool:
        """Return whether a message that looks like one of this process has a method, by its head alone."""
        head = f'{{"host_id":"{process}","method":"{method}"'.encode()
        return body.startswith(head, 0 if self._seal is None else body.find(b"\n") + 1)

    def is_own(self, body: bytes, process: str) -> bool:
        """Return whether a message looks like one of this process; those are not processed."""
        if self._seal is not None:
            return body.startswith(self._seal.own_prefix)
        return body.startswith((f'{{"host_id":"{process}"'.encode(), f'{{"sender":"{process}"'.encode()))

    def dumps(self, value: Any, **options: Any) -> str:
        """Return the text of a value, signed if there is a secret, as python-socketio calls it.

        Raises:
            UnencodableError: It has no JSON form.
        """
        del options  # upstream's separators
        return self.seal(self.check(value))

    def loads(self, text: str | bytes, *, now: float | None = None) -> Any:
        """Parse and verify a message; what is not an object is counted, and returned as an empty one.

        Args:
            text: As it was read from the queue.
            now: When the broker received it, in seconds since 1970, or None if the broker does not say.

        Raises:
            UndecodableError: It is not JSON.
            ForgedError: Its signature is missing, wrong, stale or repeated, or unexpected.
        """
        try:
            if isinstance(text, bytes):
                text = text.decode()
            if self._seal is not None:
                text = self._seal.open(text, now=now)
            elif is_sealed(text):
                raise ForgedError(Dropped.SIGNED)  # counted below with the others
            message = self._codec.loads(text)
        except ForgedError as error:
            hint = "this process has no message_queue_secret" if error.fault is Dropped.SIGNED else ""
            self.drop(error.fault, detail=hint)
            raise
        except UnicodeDecodeError as error:
            self.drop(Dropped.NOT_UTF_8)
            raise UndecodableError("not UTF-8") from error
        except UndecodableError:
            self.drop(Dropped.NOT_JSON)
            raise
        if not isinstance(message, dict):
            self.drop(Dropped.MALFORMED, detail="no object")
            return {}
        return message

    def drop(self, reason: Dropped, *, detail: str = "") -> None:
        """Count a message that is dropped, and log it at intervals."""
        self.dropped[reason.value] += 1
        unsaid = self._throttle.admits(reason)
        if unsaid is not None:
            logger.warning(
                "a message of the queue was dropped: %s%s%s", reason, detail and f": {detail}", unsaid
            )


def _is_same(value: Any, returned: Any) -> bool:
    pairs = [(value, returned)]
    while pairs:
        value, returned = pairs.pop()
        if type(value) is not type(returned):
            return False
        if isinstance(value, dict):
            if value.keys() != returned.keys() or any(type(key) is not str for key in value):
                return False
            pairs += [(member, returned[key]) for key, member in value.items()]
        elif isinstance(value, list):
            if len(value) != len(returned):
                return False
            pairs += zip(value, returned, strict=True)
        elif value != returned:
            return False
    return True


def numbered(text: str, number: int) -> str:
    """Give a message its number."""
    return f'{text[:-1]},"n":{number}}}'


def repeated(text: str) -> str:
    """Mark a message that the broker has confirmed before."""
    return text[:-1] + _AGAIN


def describe_message(text: str) -> str:
    """Describe the size and content of a message, for logs."""
    message = json.loads(text)
    event, namespace = message.get("event"), message.get("namespace")
    what = f"event {event!r} in {namespace!r}" if isinstance(event, str) else f"{message.get('method')!r}"
    return f"a message of {len(text.encode())} bytes ({what})"


def sender_of(message: Mapping[str, Any]) -> Any:
    """Return the process that sent a message, or None if the message does not name it."""
    sender = message.get("sender")
    return message.get("host_id") if sender is None and message.get("method") != "callback" else sender


def read_number(message: Mapping[str, Any]) -> int | None:
    """Return a message's number, or None if it has none, such as a message of python-socketio.

    Raises:
        ValueError: It is not a valid number.
    """
    number = message.get("n")
    if number is None:
        return None
    if type(number) is not int or not 0 < number < _MOST:
        raise ValueError("not a number of a message")
    return number
