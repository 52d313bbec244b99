"""The components of Kamaelia, by topic; Axon runs them."""
