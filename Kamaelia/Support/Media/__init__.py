"""Formats of sound and video as plain code.

WAV       the headers of WAV files, and a parser
YUV4MPEG  the headers of YUV4MPEG streams, and a parser
Frames    frames of raw video: the sizes of their planes
Samples   samples of sound: conversion, mixing, a filter, a buffer
"""
