"""Flow control of a body: what waits for the application stays small, whatever the client sends."""

from __future__ import annotations

from gazesite.server.body_queue import BodyQueue


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


async def test_nothing_more_is_read_until_the_application_has_taken_what_there_is() -> None:
    connection = Connection()
    for chunk in (b"a", b"b"):  # of one read
        connection.queue.add(chunk)
        assert not connection.reads
    assert (await connection.queue.get())["body"] == b"a"
    assert not connection.reads
    assert (await connection.queue.get())["body"] == b"b"
    assert connection.reads


async def test_messages_come_in_order_and_the_last_one_says_so() -> None:
    connection = Connection()
    connection.queue.add(b"a")
    connection.queue.end()
    connection.queue.put_nowait({"type": "http.disconnect"})
    first, last, gone = [await connection.queue.get() for _ in range(3)]
    assert (first["body"], first["more_body"], last["more_body"]) == (b"a", True, False)
    assert gone == {"type": "http.disconnect"}
    assert connection.asked == 3


async def test_after_the_body_reading_goes_on_even_if_nobody_takes_it() -> None:
    connection = Connection()
    connection.queue.add(b"a")
    connection.queue.end()
    assert connection.reads
