"""The channel layer on a real Redis."""

from __future__ import annotations

import asyncio

from channels_redis.core import RedisChannelLayer
from django.conf import settings

from tests.production.parts import Part


async def test_after_a_long_silence_messages_are_heard_as_before(redis_part: tuple[Part, str]) -> None:
    layer = RedisChannelLayer(hosts=[{**settings.REDIS_HOST, "address": redis_part[1]}], prefix="silence")
    channel = await layer.new_channel()
    await layer.group_add("quiet", channel)
    hears = asyncio.create_task(layer.receive(channel))
    await asyncio.wait([hears], timeout=layer.brpop_timeout + 2)
    assert not hears.done(), hears.exception()
    await layer.group_send("quiet", {"user": 1})
    assert await asyncio.wait_for(hears, 60) == {"user": 1}
    await layer.flush()
