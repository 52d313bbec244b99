"""The logic of protocols without input or output: bytes in, decisions out."""
