"""Plain code beneath the components: it knows no Axon, no socket, no thread and no clock."""
