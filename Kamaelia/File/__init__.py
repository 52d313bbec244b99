"""Components that read and write files, and that run commands.

    reading     Reading (SimpleReader, PromptedFileReader, readers at a rate), MaxSpeedFileReader,
                BetterReading (IntelligentFileReader), TriggeredFileReader, ReadFileAdaptor
    writing     Writing (SimpleFileWriter), WholeFileWriter, Append
    processes   UnixProcess2, UnixProcess, UnixPipe (a historical name), ChildProcess

The other modules are what these are made of: FileComponent (how a component ends when a file
fails), InputFile and OutputFile (regular files, pipes and devices), FileHandles (components for
pipes), Descriptor, FIFO, NamedPipes and Waits (for a thread, and for a descriptor).

A file that is missing, is a directory, or is on a full disk does not end the program. The error is
logged, and linked components receive it: see Kamaelia.File.FileComponent.
"""
