"""A bot that answers and streams when it is mentioned."""

import asyncio

from generic_corp import connect


async def main() -> None:
    async with connect(workspace="main") as hub, hub.join("lobby") as lobby:
        async for event in lobby:
            if hub.welcome.you.name not in event.mentions:
                continue
            await lobby.publish("I read you", reply_to=event)
            async with hub.open_stream("lobby", "counting to three") as out:
                await out.write("1\n2\n3\n")


asyncio.run(main())
