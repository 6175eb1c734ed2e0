"""The file ingest module: restore the damaged ones among the JPEGs that Autopsy knows already.

Starting the program for each file would cost more than the work, so files are collected and handed over as a folder.
Autopsy makes one instance for each of its threads; they share nothing.
"""

from __future__ import unicode_literals

import carve_restore_process as process
import carve_restore_settings as settings
import carve_restore_words as words
from carve_restore_case import ADDED, CaseWriter
from carve_restore_inbox import MessageType, html_list, say
from carve_restore_words import MODULE_NAME
from jarray import zeros
from java.io import File, FileOutputStream
from java.lang import Throwable
from java.util import UUID
from java.util.logging import Level
from org.sleuthkit.autopsy.casemodule import Case
from org.sleuthkit.autopsy.coreutils import Logger
from org.sleuthkit.autopsy.ingest import FileIngestModule, IngestModule

MOST_FILES = 200
MOST_BYTES = 512 << 20
LARGEST = 64 << 20
"""Bytes; a larger file is no photo, and the program would not take it."""
SUFFIXES = ("jpg", "jpeg", "jpe", "jfif")
BUFFER = 1 << 20


class CarveRestoreFileModule(FileIngestModule):
    """One instance collects the files of one thread."""

    def __init__(self, job_settings):
        self.job_settings = job_settings
        self.logger = Logger.getLogger(MODULE_NAME)
        self.context = None
        self.options = []
        self.version = ""
        self.folder = None
        self.collected = {}
        self.bytes = 0
        self.entries = []

    def startUp(self, context):
        self.context = context
        self.options, self.version = settings.check(self.job_settings, settings.FILE_FIELDS)
        if "--jobs" not in self.options:
            self.options += ["--jobs", "1"]  # there are as many instances as Autopsy has threads

    def process(self, file):
        """Take a JPEG into the batch; hand the batch over when it is full."""
        if not _is_candidate(file):
            return IngestModule.ProcessResult.OK
        try:
            self._collect(file)
            if len(self.collected) < MOST_FILES and self.bytes < MOST_BYTES:
                return IngestModule.ProcessResult.OK
            return self._hand_over()
        except Throwable as error:
            return self._fail(file, [error.toString()])

    def shutDown(self):
        """Hand over what is left, and say what was made of all files."""
        try:
            if self.collected and not self.context.fileIngestIsCancelled():
                self._hand_over()
        except Throwable as error:
            self._fail(None, [error.toString()])
        self._forget()
        damaged = [entry for entry in self.entries if entry["error"] or entry["status"] != "intact"]
        if damaged:
            subject = "%d of %d JPEGs are damaged" % (len(damaged), len(self.entries))
            say(MessageType.INFO, subject, html_list(words.tally(self.entries)))

    def _collect(self, file):
        if self.folder is None:
            self.folder = File(Case.getCurrentCase().getTempDirectory(), "%s-%s" % (MODULE_NAME, UUID.randomUUID()))
            self.folder.mkdirs()
        name = "%d.jpg" % file.getId()
        output = FileOutputStream(File(self.folder, name))
        try:
            buffer = zeros(BUFFER, "b")
            position = 0
            while position < file.getSize():
                got = file.read(buffer, position, BUFFER)
                if got <= 0:
                    break  # Autopsy knows of more bytes than there are; what there is will do
                output.write(buffer, 0, got)
                position += got
        finally:
            output.close()
        if position:
            self.collected[name] = file
            self.bytes += position

    def _hand_over(self):
        """Run the program on the batch, and add what it made to the case, as children of the damaged files."""
        some_file = next(iter(self.collected.values()))
        output = process.new_folder(Case.getCurrentCase(), some_file)
        log = output.getPath() + ".log"
        command = process.command_line(
            settings.command(self.job_settings), self.folder.getPath(), output, Case.getCurrentCase()
        )
        try:
            process.run(command + self.options, log, self.context.fileIngestIsCancelled, lambda _text, _step: None)
            if not File(output, "report.json").isFile():
                return self._fail(some_file, process.last_words(log))
            self._add(process.read_json(File(output, "report.json").getPath()), output)
            return IngestModule.ProcessResult.OK
        except process.Cancelled:
            return IngestModule.ProcessResult.OK
        except process.CommandMissing as error:
            return self._fail(some_file, [error.args[0]])
        finally:
            self._forget()

    def _add(self, report, output):
        made = False
        for entry in report["files"]:
            original = self.collected[entry["claim"]["name"]]
            if entry["status"] != "intact":
                made = True
                CaseWriter(self.context, original, output, self.version).add_made(entry, original)
        if made:
            CaseWriter(self.context, original, output, self.version).add_reports()
        self.entries += report["files"]

    def _forget(self):
        """Remove the copies; the case and the output folder hold what matters."""
        if self.folder is not None:
            for copy in self.folder.listFiles() or ():
                copy.delete()
            self.folder.delete()
        self.folder, self.collected, self.bytes = None, {}, 0

    def _fail(self, file, complaints):
        for complaint in complaints:
            self.logger.log(Level.SEVERE, complaint)
        subject = "could not examine files" if file is None else "could not examine files such as %s" % file.getName()
        say(MessageType.ERROR, subject, html_list(complaints))
        return IngestModule.ProcessResult.ERROR


def _is_candidate(file):
    """Whether a file is a JPEG by its type, where Autopsy knows it, or by its name; and none these modules made."""
    if not file.isFile() or not 0 < file.getSize() <= LARGEST or ADDED.contains(file.getId()):
        return False
    return file.getMIMEType() == "image/jpeg" or file.getNameExtension() in SUFFIXES
