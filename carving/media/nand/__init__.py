"""Raw NAND: a dump of data and spare bytes, page by page, read as the corrected data in their logical order."""

from __future__ import annotations
