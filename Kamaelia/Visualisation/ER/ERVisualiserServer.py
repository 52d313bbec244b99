"""The historical import path of text_to_token_lists."""

from Kamaelia.Visualisation.Axon.AxonVisualiserServer import text_to_token_lists

__all__ = ["text_to_token_lists"]
