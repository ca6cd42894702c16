"""What travels over the queue: python-socketio's messages, numbered, as strict JSON, and signed if asked for.

Every message begins with who sent it, as ``host_id`` or, where that word says whom it is for, as ``sender``,
so that a process passes over its own unread; and it ends with its number ``n``, so that receivers drop what
comes twice and notice what never came. Processes of python-socketio read neither, and send no numbers.
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

# Receivers that saw nothing of its sender yet pass over a message with this member: it was answered before.
_AGAIN = ',"again":true}'
_MOST = 1 << 53
# Processes pass over it, those of python-socketio, too.
EMPTY = "{}"


class QueueJson:
    """Reads and writes messages; what travels over the queue is as strict as what travels to clients.

    Attributes:
        dropped: How many messages were not taken, by the reason.
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
        """Return the text of an emit, unsigned: upstream's form, with bytes behind the data as Base64.

        Args:
            data: One argument; a tuple is many.
            method: Of a message of the same form.
            members: The other members; ``sender``, or else ``host_id``, names this process.

        Raises:
            UnencodableError: `data` has no JSON form, or confuses its bytes with what stands for them.
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
        """Return the text of a message of upstream's, unsigned, or None for an answer that has none.

        Upstream has no form for an answer with bytes; it gets that of an emit.

        Raises:
            UnencodableError: It has no JSON form, or bytes that are no part of an answer.
        """
        text, attachments = self._encode(message, message)
        if not attachments:
            return text
        if "args" not in message:
            raise UnencodableError("bytes outside a packet")
        members = {name: value for name, value in message.items() if name != "args"}
        return self.answer(message["args"], **members)

    def answer(self, arguments: Sequence[Any], **members: Any) -> str | None:
        """Return the text of a client's answer, unsigned, or None, counted, if it has none.

        A client that speaks MessagePack can send what only JSON with bytes has no form for.
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
        """Return the message that a text of this process is, which was not signed yet."""
        message: dict[str, Any] = self._codec.loads(text)
        return message

    def returns(self, value: Any) -> bool:
        """Return whether a value comes out of the queue as it was put in, of the same types all through."""
        try:
            return _is_same(value, self._codec.loads(self.check(value)))
        except ValueError:  # an UnencodableError is one
            return False

    def seal(self, text: str) -> str:
        """Sign a text, if there is a secret; it is another text each time."""
        return text if self._seal is None else self._seal.seal(text)

    def asks(self, body: bytes, process: str, method: str) -> bool:
        """Return whether a message that looks like one of this process asks for something, by its head alone."""
        head = f'{{"host_id":"{process}","method":"{method}"'.encode()
        return body.startswith(head, 0 if self._seal is None else body.find(b"\n") + 1)

    def is_own(self, body: bytes, process: str) -> bool:
        """Return whether a message looks like one of this process; nothing is done for those that do."""
        if self._seal is not None:
            return body.startswith(self._seal.own_prefix)
        return body.startswith((f'{{"host_id":"{process}"'.encode(), f'{{"sender":"{process}"'.encode()))

    def dumps(self, value: Any, **options: Any) -> str:
        """Return the text of a value, signed if there is a secret; as upstream calls it.

        Raises:
            UnencodableError: It has no JSON form.
        """
        del options  # upstream's separators
        return self.seal(self.check(value))

    def loads(self, text: str | bytes, *, now: float | None = None) -> Any:
        """Return the message that a text is; anything but an object is an empty one, and counted.

        Args:
            text: As it came over the queue.
            now: When the broker took it, in seconds since 1970, where it tells.

        Raises:
            UndecodableError: It is not JSON.
            ForgedError: It is not signed as it must be.
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
        """Count a message that is not taken, and log it now and then."""
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
    """Mark a message that the broker has answered for before."""
    return text[:-1] + _AGAIN


def describe_message(text: str) -> str:
    """Return how large a message is, and what it is, for logs."""
    message = json.loads(text)
    event, namespace = message.get("event"), message.get("namespace")
    what = f"event {event!r} in {namespace!r}" if isinstance(event, str) else f"{message.get('method')!r}"
    return f"a message of {len(text.encode())} bytes ({what})"


def sender_of(message: Mapping[str, Any]) -> Any:
    """Return which process sent a message, or None if it does not say."""
    sender = message.get("sender")
    return message.get("host_id") if sender is None and message.get("method") != "callback" else sender


def read_number(message: Mapping[str, Any]) -> int | None:
    """Return a message's number, or None if it has none, as those of python-socketio.

    Raises:
        ValueError: It is not a number that a process gives.
    """
    number = message.get("n")
    if number is None:
        return None
    if type(number) is not int or not 0 < number < _MOST:
        raise ValueError("not a number of a message")
    return number
