"""Run the installed `carve-restore` as a process: progress to a bar, cancel within two seconds, nothing left running.

Autopsy's own `ExecUtil` looks for a cancelled job every five seconds and ends the parent only, so it is not used.
"""

from __future__ import unicode_literals

import json

from carve_restore_words import MODULE_NAME
from java.io import File
from java.lang import Exception as JavaException
from java.lang import ProcessBuilder, String
from java.lang.ProcessBuilder import Redirect
from java.nio.charset import StandardCharsets
from java.nio.file import Files
from java.text import SimpleDateFormat
from java.util import UUID, ArrayList, Date
from java.util.concurrent import TimeUnit

POLL_MILLISECONDS = 100
GRACE_MILLISECONDS = 500
"""How long a cancelled run may take to end by itself and close its log."""
BAR_STEPS = 1000
STAGES = {
    "hash": "hashing the evidence",
    "recheck": "hashing the evidence again",
    "compile": "compiling (first run after installation)",
    "scan": "looking for JPEGs",
    "restore": "restoring",
}


class Cancelled(Exception):
    """The examiner cancelled the job."""


class CommandMissing(Exception):
    """There is no such program, or it does not start."""


def version(command):
    """The version the command tells; it is started once for this."""
    try:
        builder = ProcessBuilder(_strings([command, "--version"]))
        builder.redirectErrorStream(True)
        process = builder.start()
        said = _text(process.getInputStream().readAllBytes())
        process.waitFor()
    except JavaException as error:
        raise CommandMissing("%s does not start: %s" % (command, error.getMessage()))
    if process.exitValue() != 0:
        raise CommandMissing("%s --version fails: %s" % (command, said.strip()))
    return said.strip().split(" ")[-1]


def command_line(command, path, folder, case):
    """The command for evidence at `path`, with what the case says of itself."""
    arguments = [command, "run", path, "-o", folder.getPath(), "--json-progress", "--quiet"]
    for option, text in (("--examiner", case.getExaminer()), ("--case", case.getNumber())):
        if text:
            arguments += [option, text]
    return arguments


def new_folder(case, content):
    """A folder for one run in the case's module folder, not created yet; no two calls name the same."""
    stamp = SimpleDateFormat("yyyyMMdd-HHmmss-SSS").format(Date())
    parent = File(case.getModuleDirectory(), MODULE_NAME)
    parent.mkdirs()
    return File(parent, "%d_%s_%s" % (content.getId(), stamp, UUID.randomUUID().toString()[:8]))


def run(arguments, log_path, is_cancelled, on_progress):
    """Run a command to its end.

    Args:
        arguments: the command line.
        log_path: file that receives what the command says on stderr.
        is_cancelled: asked ten times a second.
        on_progress: called with a text and a number of a thousand steps; with -1 where the total is not known.

    Returns:
        The exit code.

    Raises:
        Cancelled: the job was cancelled; the command and all its workers are gone.
        CommandMissing: the command does not start.
    """
    builder = ProcessBuilder(_strings(arguments))
    builder.redirectError(Redirect.to(File(log_path)))
    builder.environment().put("PYTHONUTF8", "1")
    try:
        process = builder.start()
    except JavaException as error:
        raise CommandMissing("%s does not start: %s" % (arguments[0], error.getMessage()))
    process.getOutputStream().close()
    lines = _Lines(process.getInputStream())
    try:
        while process.isAlive():
            if is_cancelled():
                raise Cancelled()
            for line in lines.ready():
                _tell(line, on_progress)
            process.waitFor(POLL_MILLISECONDS, TimeUnit.MILLISECONDS)
    finally:
        if process.isAlive():
            _end(process)
    for line in lines.ready():
        _tell(line, on_progress)
    return process.exitValue()


def last_words(log_path, count=5):
    """The last lines the command said on stderr, without the prefix of its errors."""
    text = _text(Files.readAllBytes(File(log_path).toPath()))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line.replace("carve-restore: error: ", "", 1) for line in lines[-count:]]


def read_json(path):
    """A JSON file, whatever characters its path has."""
    return json.loads(_text(Files.readAllBytes(File(path).toPath())))


def _end(process):
    """Let the command close its log, then end it; and its workers, should the system not have done it already."""
    workers = list(process.descendants().toArray())
    process.destroy()
    process.waitFor(GRACE_MILLISECONDS, TimeUnit.MILLISECONDS)
    process.destroyForcibly()
    for worker in workers:
        worker.destroyForcibly()


def _tell(line, on_progress):
    try:
        step = json.loads(line)
        stage, done, total = step["stage"], step["done"], step["total"]
    except (ValueError, KeyError, TypeError):
        return
    text = STAGES.get(stage, stage)
    if stage == "restore":
        on_progress("%s: %d of %d pictures" % (text, done, total), BAR_STEPS * done // total if total else -1)
    else:
        on_progress(text, BAR_STEPS * done // total if total else -1)


class _Lines(object):
    """Whole lines of an ASCII stream, as far as they have come, without ever waiting for more."""

    def __init__(self, stream):
        self._stream = stream
        self._rest = ""

    def ready(self):
        parts = []
        while self._stream.available() > 0:
            parts.append(_text(self._stream.readNBytes(self._stream.available())))
        lines = (self._rest + "".join(parts)).split("\n")
        self._rest = lines.pop()
        return lines


def _text(data):
    return String(data, StandardCharsets.UTF_8).toString()


def _strings(arguments):
    strings = ArrayList()
    for argument in arguments:
        strings.add(argument)
    return strings
