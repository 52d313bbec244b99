"""Codecs: components that read and write formats of sound and video.

WAV           files of sound: a parser and a writer
YUV4MPEG      streams of raw video: a parser and a writer
RawYUVFramer  raw video without headers, cut into frames
"""
