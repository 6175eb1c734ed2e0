"""The Autopsy modules in a real Jython: one Java process that loads them as Autopsy does and runs all scenarios.

The Java classes beside this file are stand-ins of our own for the classes of Autopsy and The Sleuth Kit that the
modules touch: the same packages, names and signatures (SIGNATURES.md says where each was read), and notes of what is
asked of them. What this cannot show: rows in a case database, panels on a screen, Windows.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[3]
JYTHON: Final = Path("/usr/share/java/jython.jar")
STUBS: Final = Path(__file__).parent / "java"

Event = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What the modules did in one scenario, in order, and its case folder."""

    events: tuple[Event, ...]
    case: Path

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    def one(self, kind: str) -> Event:
        """The only event of a kind."""
        (event,) = self.of(kind)
        return event


def compile_driver(classes: Path) -> None:
    """Compile the driver and the stand-ins."""
    sources = sorted(map(str, STUBS.rglob("*.java")))
    subprocess.run(["javac", "-nowarn", "-cp", JYTHON, "-d", classes, *sources], check=True, timeout=120)


def run_scenarios(
    classes: Path, modules: Path, folder: Path, scenarios: Mapping[str, Mapping[str, str]]
) -> dict[str, Outcome]:
    """Run every scenario in one Java process; `folder` receives their cases."""
    for name, settings in scenarios.items():
        lines = [f"{_escaped(key)}={_escaped(value)}\n" for key, value in settings.items()]
        (folder / f"{name}.properties").write_text("".join(lines), encoding="utf-8")
    program = ["java", "-Djava.awt.headless=true", "-Dpython.cachedir.skip=true", "-Dsun.jnu.encoding=UTF-8"]
    environment = os.environ | {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [*program, "-cp", f"{JYTHON}:{classes}", "driver.Driver", modules, folder],
        check=True,
        timeout=280,
        env=environment,
        cwd=folder,
    )
    return {
        name: Outcome(tuple(json.loads((folder / f"{name}.json").read_text("ascii"))), folder / f"{name}.case")
        for name in ("factories", *scenarios)
    }


def _escaped(text: str) -> str:
    """Text as a Java properties file holds it."""
    return text.replace("\\", "\\\\").replace(" ", "\\ ").replace("=", "\\=").replace(":", "\\:")
