"""Small components that most programs need, and that use neither network nor files.

    sources       DataSource, OneShot, Chargen, Clock, Console (ConsoleReader)
    sinks         Console (ConsoleEchoer), NullSink, TestResult
    transformers  PureTransformer (a function as a component), SequentialTransformer, Filter,
                  Stringify, Detuple, Max, ChunkNamer, TagWithSequenceNumber, LineSplit,
                  Marshalling, MarshallComponent, Tokenisation
    selection     FirstOnly, UnseenOnly, RangeFilter, Chooser, PromptedTurnstile
    streams       LineReader, Chunkifier, RateChunker, RateFilter, LossyConnector
    one to many   Fanout, TwoWaySplitter, Splitter, Backplane (publish and subscribe)
    many to one   Collate, Comparator, Sync
    structure     PassThrough, Parent (the base of all chassis), StreamTransformer (a parser as a
                  component), SendWithRoom (send as soon as the receiver has room)

The other modules are historical import paths: ConsoleEcho, FilterComponent, Graphline,
Introspector, NullSinkComponent, Pipeline, PipelineComponent, TestResultComponent,
ToStringComponent.
"""
