"""Guessing the layout of a raw NAND dump from its bytes, and how sure each guess is."""

from __future__ import annotations
