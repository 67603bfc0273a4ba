"""Many HTTP/1.1 requests over a few kept connections, for preparing: fast, and every answer is looked at.

It knows as much HTTP as our servers speak: answers with a Content-Length.
"""

import asyncio
from collections.abc import Iterator, Sequence

import uvloop

Answer = tuple[int, bytes]
PATIENCE = 120.0


def exchange(port: int, requests: Sequence[bytes], connections: int = 8) -> list[Answer]:
    """Send each request once; status and body of each, in their order. Raises `OSError` when a connection breaks."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_exchange(port, requests, connections))


async def _exchange(port: int, requests: Sequence[bytes], connections: int) -> list[Answer]:
    answers: list[Answer] = [(0, b"")] * len(requests)
    work = iter(enumerate(requests))
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(_one_after_another(port, work, answers) for _ in range(connections)))
    return answers


async def _one_after_another(port: int, work: Iterator[tuple[int, bytes]], answers: list[Answer]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for index, request in work:
            writer.write(request)
            answers[index] = await read_answer(reader)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer of a connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        return int(head[9:12]), await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ValueError) as error:
        raise ConnectionError(f"an answer broke off: {error}") from None
