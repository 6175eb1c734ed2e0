"""The rooms inside each floor have an order, and imports fall along it: no circle of files, none of folders."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
FOREIGN: Final = "plugin/autopsy/jython"
"""Scripts for another interpreter, which import nothing of this project."""

ORDER: Final = {
    "carving": (
        *(
            "errors",
            "source",
            "evidence_settings",
            "support",
            "sources",
            "jpeg",
            "transfers",
            "media",
            "media.ewf",
            "media.nand",
        ),
        *(
            "media.nand.survey",
            "media.android_sparse",
            "file_systems.stored_files",
            "file_systems.f2fs",
            "fragments",
            "known_bad",
        ),
        *("file_systems", "media.archive", "container_layers", "encryption", "fscrypt", "flips"),
        *(
            "file_systems.structures",
            "file_systems.walking",
            "databases",
            "carver",
            "fscrypt.finding",
            "selection",
            "files_first",
            "evidence",
        ),
    ),
    "restore": (
        *("provenance", "explanation", "result", "transferred", "decoding", "segment_picture", "scan", "thumbnail"),
        *("guard", "segments", "sca", "gca", "headerless"),
        *("placement.state", "placement.by_seams", "placement.by_thumbnail", "placement"),
        *("repair.search", "repair.review", "repair.trust", "repair", "repair.header", "exactness", "restoration"),
        "warming",
        *("lab.quality", "lab.simulation", "lab.speed", "gca.training", "paper", "lab.evaluation", "lab"),
    ),
    "plugin": (
        *("common", "autopsy", "custody", "workers", "report", "examination", "verify", "commands", "cli"),
        "__main__",
    ),
}
"""The rooms of each floor from the ground up: each imports only from those before it. A file that stands on a floor
outside any room is a room of its own; the floor's `__init__` is the door and may name any room."""


def modules() -> dict[str, Path]:
    """Every module of the packages under its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for floor in ORDER
        for path in sorted((ROOT / floor).rglob("*.py"))
        if FOREIGN not in path.as_posix()
    }


MODULES: Final = modules()


def imported(path: Path) -> Iterator[str]:
    """Modules of the packages that a file imports, wherever in it and for whatever purpose."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


ARROWS: Final = {
    name: {target for target in imported(path) if target in MODULES and target != name}
    for name, path in MODULES.items()
}


def room(module: str) -> str:
    """The folder of a module below its floor, or the module where it stands on the floor itself; empty for a door."""
    parts = MODULES[module].relative_to(ROOT).with_suffix("").parts
    if parts[1:] == ("__init__",):
        return ""
    return ".".join(parts[1:-1] or parts[1:])


def test_no_circle_of_files() -> None:
    TopologicalSorter(ARROWS).prepare()  # raises CycleError, which names the circle


def test_no_circle_of_folders() -> None:
    arrows: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for name, targets in ARROWS.items():
        here = (name.partition(".")[0], room(name))
        there = {(target.partition(".")[0], room(target)) for target in targets}
        arrows.setdefault(here, set()).update(there - {here})
    TopologicalSorter(arrows).prepare()


@pytest.mark.parametrize("floor", ORDER)
def test_every_room_is_in_the_order(floor: str) -> None:
    found = {room(name) for name in MODULES if name.partition(".")[0] == floor} - {""}
    assert found == set(ORDER[floor])


@pytest.mark.parametrize("floor", ORDER)
def test_imports_fall_inside_the_floor(floor: str) -> None:
    rank = {name: number for number, name in enumerate(ORDER[floor])}
    wrong = [
        f"{name} imports {target}"
        for name, targets in ARROWS.items()
        if name.partition(".")[0] == floor and room(name)
        for target in targets
        if target.partition(".")[0] == floor and room(target) and rank[room(target)] > rank[room(name)]
    ]
    assert wrong == []


def test_a_circle_would_be_seen() -> None:
    scan, state = "restore.scan.scan", "restore.placement.state.placement_state"
    assert scan in ARROWS[state]
    with pytest.raises(ValueError, match="in a cycle"):
        TopologicalSorter(ARROWS | {scan: {state}}).prepare()


def test_no_file_name_twice_on_a_floor() -> None:
    for floor in ORDER:
        names = Counter(path.name for path in MODULES.values() if path.relative_to(ROOT).parts[0] == floor)
        assert [name for name, count in names.items() if count > 1 and name != "__init__.py"] == []


def test_no_class_name_twice() -> None:
    """Nor a type alias that is called as a class is."""
    classes: Counter[str] = Counter()
    aliases: set[str] = set()
    for path in MODULES.values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes.update(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        aliases |= {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
    assert [name for name, count in classes.items() if count > 1] == []
    assert aliases & classes.keys() == set()


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    for floor, rooms in ORDER.items():
        for name in rooms:
            path = f"{floor}/{name.replace('.', '/')}"
            assert f"`{path}`" in text or f"`{path}.py`" in text, path
