"""A damaged scan as stored segments and gaps between them: what decodes, where it belongs, how sure that is."""
