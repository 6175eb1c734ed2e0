"""The examiner's face: command line, pipeline, custody and reports.

`plugin.run(evidence, output, ...)` is the main job for a notebook; it is loaded on first use, so that importing this
package stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugin.examination.pipeline import run

__all__ = ["run"]


def __getattr__(name: str) -> object:
    if name == "run":
        from plugin.examination.pipeline import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
