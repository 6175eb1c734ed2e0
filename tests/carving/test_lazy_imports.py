"""Importing the package costs nothing; its public functions come when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import carving
import carving.evidence


def test_public_functions() -> None:
    assert carving.open_evidence is carving.evidence.open_evidence
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        carving.nothing  # noqa: B018


def test_heavy_modules_stay_out() -> None:
    heavy = "{'torch', 'numba', 'pytsk3', 'pyewf'}"
    code = f"import sys, carving; carving.open_evidence; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
