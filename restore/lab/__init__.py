"""The laboratory: damage pictures as a storage medium would, restore them in every way there is, and measure."""
