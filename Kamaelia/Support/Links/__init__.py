"""The rules of links between processes, as plain code.

Errors    what is wrong with a link
Codecs    messages as bytes: msgpack, JSON, and pickle
Frames    the frames of a stream of bytes, and their decoder
Outgoing  the writer's side: numbers, frames, what is not confirmed yet, and the limits
Pool      the share of one of several readers
Incoming  the reader's side: repeats, gaps, and which message is done
Keys      the proof that both ends know the same key
"""
