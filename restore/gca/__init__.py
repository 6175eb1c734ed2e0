"""GCA, guided content: networks that fill what is lost, the paper's and our own, and how they are trained."""
