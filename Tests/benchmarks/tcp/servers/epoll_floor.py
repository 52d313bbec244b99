"""The floor: a hand-written epoll loop, no framework."""

import select
import socket
import sys

l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("127.0.0.1", int(sys.argv[1])))
l.listen(1024)
l.setblocking(False)
ep = select.epoll()
lfd = l.fileno()
ep.register(lfd, select.EPOLLIN)
recv, send, socks, out = {}, {}, {}, {}
IN, OUT = select.EPOLLIN, select.EPOLLOUT
print("READY", flush=True)


def close(fd):
    ep.unregister(fd)
    socks.pop(fd).close()
    out.pop(fd, None)


while True:
    for fd, ev in ep.poll():
        if fd == lfd:
            try:
                while True:
                    s, a = l.accept()
                    s.setblocking(False)
                    f = s.fileno()
                    socks[f] = s
                    recv[f], send[f] = s.recv, s.send
                    ep.register(f, IN)
            except BlockingIOError:
                pass
            continue
        try:
            if ev & OUT:
                d = out[fd]
                n = send[fd](d)
                if n == len(d):
                    del out[fd]
                    ep.modify(fd, IN)
                else:
                    out[fd] = d[n:]
                continue
            d = recv[fd](65536)
            if not d:
                close(fd)
                continue
            try:
                n = send[fd](d)
            except BlockingIOError:
                n = 0
            if n < len(d):
                out[fd] = d[n:]
                ep.modify(fd, OUT)
        except OSError:
            close(fd)
