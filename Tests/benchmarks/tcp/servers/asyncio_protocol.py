import asyncio
import os
import sys


class P(asyncio.Protocol):
    def connection_made(self, t):
        self.t = t

    def data_received(self, d):
        self.t.write(d)

    def pause_writing(self):
        self.t.pause_reading()

    def resume_writing(self):
        self.t.resume_reading()


async def main():
    s = await asyncio.get_running_loop().create_server(
        P, "127.0.0.1", int(sys.argv[1]), backlog=1024
    )
    print("READY", flush=True)
    await s.serve_forever()


if os.environ.get("LOOP") == "uvloop":
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
