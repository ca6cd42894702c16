"""Events wait for whatever receives them."""

from __future__ import annotations

import asyncio

from asynction_asgi.engine.transport.uvicorn.mailbox import Mailbox


async def test_events_are_received_in_order() -> None:
    """Events come in order, to several receivers as well, and those of a type can be taken out."""
    mailbox = Mailbox({"type": "a"})
    assert mailbox
    assert await mailbox.get() == {"type": "a"}
    waiting = [asyncio.create_task(mailbox.get()) for _ in range(2)]
    await asyncio.sleep(0)
    for number in range(4):
        mailbox.put({"type": "even" if number % 2 == 0 else "odd", "number": number})
    assert [event["number"] for event in await asyncio.gather(*waiting)] == [0, 1]
    assert mailbox.take("even") == [{"type": "even", "number": 2}]
    assert await mailbox.get() == {"type": "odd", "number": 3}
    assert not mailbox


async def test_a_cancelled_receiver_takes_no_event() -> None:
    """An event goes to the next receiver if the first is cancelled, before or after it was chosen."""
    for chosen in (False, True):
        mailbox = Mailbox()
        first, second = [asyncio.create_task(mailbox.get()) for _ in range(2)]
        await asyncio.sleep(0)
        if chosen:
            mailbox.put({"type": "a"})
        first.cancel()
        await asyncio.wait([first])
        if not chosen:
            mailbox.put({"type": "a"})
        assert await second == {"type": "a"}
