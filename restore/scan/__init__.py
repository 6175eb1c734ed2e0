"""One scan as it is searched and placed: its model, the score of an MCU, the path and its extension."""
