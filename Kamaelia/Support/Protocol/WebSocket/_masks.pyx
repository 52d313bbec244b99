# cython: language_level=3, boundscheck=False, wraparound=False
"""The mask of a WebSocket frame at the speed of the machine (RFC 6455, section 5.3)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


def masked(bytes body not None, bytes key not None):
    """Return `body` masked with the four bytes of `key`."""
    if PyBytes_GET_SIZE(key) != 4:
        raise ValueError(f"a mask has 4 bytes, not {len(key)}")
    cdef Py_ssize_t size = PyBytes_GET_SIZE(body), at = 0
    cdef bytes answer = PyBytes_FromStringAndSize(NULL, size)
    cdef const unsigned char* source = <const unsigned char*> PyBytes_AS_STRING(body)
    cdef const unsigned char* mask = <const unsigned char*> PyBytes_AS_STRING(key)
    cdef unsigned char* target = <unsigned char*> PyBytes_AS_STRING(answer)
    cdef uint64_t word, twice
    memcpy(&twice, mask, 4)
    memcpy(<char*> &twice + 4, mask, 4)
    while at + 8 <= size:
        memcpy(&word, source + at, 8)
        word ^= twice
        memcpy(target + at, &word, 8)
        at += 8
    while at < size:
        target[at] = source[at] ^ mask[at & 3]
        at += 1
    return answer
