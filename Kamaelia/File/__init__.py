"""Components that read and write files: Append adds messages to the end of a file."""
