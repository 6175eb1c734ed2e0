"""Placement step by step, by how well MCUs fit their neighbours."""
