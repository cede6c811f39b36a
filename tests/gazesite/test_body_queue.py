"""Flow control of a body: what waits for the application stays small, whatever the client sends."""

from __future__ import annotations

from gazesite.body_queue import MOST_HELD, BodyQueue


class Connection:
    def __init__(self) -> None:
        self.reads = True
        self.asked = 0
        self.queue = BodyQueue(self.pause, self.resume, self.ask)

    def pause(self) -> None:
        self.reads = False

    def resume(self) -> None:
        self.reads = True

    def ask(self) -> None:
        self.asked += 1


async def test_reading_stops_while_the_application_has_too_much_to_take_and_goes_on_afterwards() -> None:
    connection, chunk = Connection(), bytes(16 << 10)
    sent = 0
    while connection.reads:
        connection.queue.add(chunk, more=True)
        sent += len(chunk)
    assert sent <= MOST_HELD + len(chunk)
    taken = 0
    while not connection.reads:
        taken += len((await connection.queue.get())["body"])
    assert sent - taken <= MOST_HELD // 2


async def test_many_small_chunks_count_for_what_they_take() -> None:
    connection, chunks = Connection(), 0
    while connection.reads:
        connection.queue.add(b"a", more=True)
        chunks += 1
    assert chunks <= MOST_HELD / 512


async def test_messages_come_in_order_and_the_last_one_says_so() -> None:
    connection = Connection()
    connection.queue.add(b"a", more=True)
    connection.queue.add(b"", more=False)
    connection.queue.put_nowait({"type": "http.disconnect"})
    first, last, gone = [await connection.queue.get() for _ in range(3)]
    assert (first["body"], first["more_body"], last["more_body"]) == (b"a", True, False)
    assert gone == {"type": "http.disconnect"}
    assert connection.asked == 3
