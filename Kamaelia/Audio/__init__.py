"""Components for raw sound.

RawAudioMixer  the sum of several sources that come and go
Filtering      a low-pass filter
"""
