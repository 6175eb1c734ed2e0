"""What is said and kept of an error nobody foresaw: a line for people, a traceback in a log, the key in neither."""

from __future__ import annotations

import traceback
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Final

from plugin.common.clock import utc_now
from plugin.common.output import output_error
from plugin.common.redaction import redact_text

LOG_NAME: Final = "errors.log"


def one_line(error: BaseException) -> str:
    """The message of an error raised on purpose, on one line."""
    return " ".join(str(error).split())


def describe(error: BaseException, *keys: bytes | None) -> str:
    """One line that names the error, without the keys."""
    if isinstance(error, BrokenExecutor):
        return "the process that restored it died; the file may need more memory than there is"
    return redact_text(f"{type(error).__name__}: {one_line(error)}", *keys)


def keep_traceback(folder: Path, doing: str, error: BaseException, *keys: bytes | None) -> Path:
    """Append the traceback to `errors.log` in `folder`.

    Args:
        folder: an existing folder.
        doing: what the tool was at.
        error: what happened.
        keys: kept out of the text.

    Returns:
        The log's path.

    Raises:
        OutputError: the log cannot be written.
    """
    path = folder / LOG_NAME
    text = redact_text("".join(traceback.format_exception(error)), *keys)
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{utc_now()} {doing}\n{text}\n")
    except OSError as failure:
        raise output_error(path, failure) from failure
    return path
