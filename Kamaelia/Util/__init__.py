"""Small components that most programs need: sources, sinks, filters, splitters, the console."""
