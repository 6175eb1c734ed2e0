"""A damaged scan as segments that are stored and gaps between them: what decodes, where it belongs, how sure that is."""
