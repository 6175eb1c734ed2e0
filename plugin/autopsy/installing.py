"""Put the Autopsy modules where Autopsy looks for Python plugins.

Autopsy reads every sub-folder of its `python_modules` and runs what it finds with the Jython inside it, so the files
under `jython/` are Python 2.7. They run this installation's `carve-restore`, whose path is written beside them.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

from carving.errors import OutputError, UsageError
from plugin.common.output import create, output_error
from plugin.common.versions import DISTRIBUTION, tool_version

FOLDER: Final = "carve_restore"
"""Name of the sub-folder; an identifier, as Autopsy makes module names of what lies in it."""
_OURS: Final = "carve_restore_*"
_WRITTEN: Final = "carve_restore_installed.py"


def install(python_modules: Path, command: Path) -> Path:
    """Write the modules into `python_modules/carve_restore`, in place of those of an earlier version.

    Args:
        python_modules: Autopsy's folder for Python plugins, which exists.
        command: the program the modules are to run.

    Returns:
        The folder that holds the modules now.

    Raises:
        UsageError: Autopsy cannot load modules from this path.
        OutputError: the folder is not there or cannot be written.
    """
    if "'" in str(python_modules):
        raise UsageError(f"{python_modules}: Autopsy loads no module from a path with an apostrophe in it")
    if not python_modules.is_dir():
        raise OutputError(f"{python_modules} is not a folder; in Autopsy, Tools > Python Plugins opens the right one")
    target = python_modules / FOLDER
    create(target)
    try:
        for old in target.glob(_OURS):
            old.unlink()
        for script in _scripts():
            (target / script.name).write_bytes(script.read_bytes())
        (target / _WRITTEN).write_text(_installed(command), encoding="ascii")
    except OSError as error:
        raise output_error(target, error) from error
    return target


def find_command() -> Path:
    """The `carve-restore` of the Python that runs this, or the one that the shell would take.

    Raises:
        UsageError: there is neither.
    """
    beside = shutil.which(DISTRIBUTION, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(DISTRIBUTION)
    if found is None:
        raise UsageError(f"no program {DISTRIBUTION} beside {sys.executable} or on the PATH; give it with --command")
    return Path(found).absolute()


def find_python_modules() -> Path:
    """Autopsy's folder for Python plugins in this user's home.

    Raises:
        UsageError: none is there.
    """
    for candidate in _candidates():
        if candidate.is_dir():
            return candidate
    raise UsageError(
        "no python_modules folder of Autopsy in the usual places; in Autopsy, Tools > Python Plugins opens it: "
        "give its path with --into"
    )


def _candidates() -> Iterator[Path]:
    home = Path.home()
    roaming = os.environ.get("APPDATA")
    if roaming:
        yield Path(roaming) / "autopsy" / "python_modules"
    yield home / ".autopsy" / "dev" / "python_modules"
    yield home / ".autopsy" / "python_modules"
    yield home / "Library" / "Application Support" / "autopsy" / "python_modules"


def _scripts() -> list[Path]:
    with resources.as_file(resources.files("plugin.autopsy").joinpath("jython")) as folder:
        return sorted(folder.glob(f"{_OURS}.py"))


def _installed(command: Path) -> str:
    """The module that tells the others where the program is. ASCII, whatever the path: Jython reads no other."""
    return (
        '"""Written by `carve-restore autopsy-install`."""\n\n'
        "from __future__ import unicode_literals\n\n"
        f"COMMAND = {os.fspath(command)!a}\n"
        f"VERSION = {tool_version()!a}\n"
    )
