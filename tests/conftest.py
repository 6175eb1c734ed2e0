"""Where tests find their material."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Test processes run side by side, one for each core: threads of PyTorch in each would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def sample_images() -> Path:
    """The directory of the demo evidence."""
    return ROOT / "sample_images"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The large collection of real media beside the repository; its tests run only where it is."""
    directory = ROOT.parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip("the media collection ../shared/data is not here")
    return directory
