"""Android sparse images, whole or split, as a layer over the medium."""
