"""The data source ingest module: run `carve-restore` on an image and put what it found into the case."""

from __future__ import unicode_literals

import carve_restore_process as process
import carve_restore_settings as settings
import carve_restore_words as words
from carve_restore_case import CaseWriter
from carve_restore_inbox import MessageType, html_list, say
from carve_restore_words import MODULE_NAME
from java.io import File
from java.lang import Throwable
from java.util.logging import Level
from org.sleuthkit.autopsy.casemodule import Case
from org.sleuthkit.autopsy.coreutils import Logger
from org.sleuthkit.autopsy.ingest import DataSourceIngestModule, IngestModule
from org.sleuthkit.datamodel import Image

DONE, PARTLY, HASHES_DIFFER = 0, 1, 6
"""Exit codes after which there is a report to read."""


class CarveRestoreDataSourceModule(DataSourceIngestModule):
    """One instance examines one data source."""

    def __init__(self, job_settings):
        self.job_settings = job_settings
        self.logger = Logger.getLogger(MODULE_NAME)
        self.context = None
        self.options = []
        self.version = ""

    def startUp(self, context):
        self.context = context
        self.options, self.version = settings.check(self.job_settings, settings.IMAGE_FIELDS)

    def process(self, dataSource, progressBar):
        """Examine one data source."""
        if not isinstance(dataSource, Image):
            say(MessageType.INFO, "%s is no disk image; skipped" % dataSource.getName(), "")
            return IngestModule.ProcessResult.OK
        try:
            return self._examine(dataSource, progressBar)
        except process.Cancelled:
            say(MessageType.INFO, "cancelled; what was written so far is in the module folder", "")
            return IngestModule.ProcessResult.OK
        except process.CommandMissing as error:
            return self._fail([error.args[0]])
        except Throwable as error:  # Java's errors, such as a case database that cannot be written
            self.logger.log(Level.SEVERE, "adding results to the case failed", error)
            return self._fail([error.toString()])

    def _examine(self, image, bar):
        paths = list(image.getPaths())
        folder = process.new_folder(Case.getCurrentCase(), image)
        log = folder.getPath() + ".log"
        bar.switchToDeterminate(process.BAR_STEPS)
        code = process.run(
            self._arguments(paths[0], folder),
            log,
            self.context.dataSourceIngestIsCancelled,
            lambda text, step: bar.progress(text, step) if step >= 0 else bar.progress(text),
        )
        if not File(folder, "report.json").isFile():
            return self._fail(process.last_words(log) or ["exit code %d" % code])
        report = process.read_json(File(folder, "report.json").getPath())
        writer = CaseWriter(self.context, image, folder, self.version)
        bar.progress("adding results to the case")
        writer.add(report, self.context.dataSourceIngestIsCancelled)
        writer.add_reports()
        return self._conclude(code, report, writer, log, paths)

    def _conclude(self, code, report, writer, log, paths):
        details = words.tally(report["files"]) + report["notes"]
        read = report["evidence"]["paths"]
        if len(read) != len(paths):
            details.append("Autopsy has %d segments of this image, %d were read" % (len(paths), len(read)))
        subject = "%d JPEGs found" % len(report["files"])
        if code == HASHES_DIFFER:
            writer.add_hash_failure(report["evidence"])
        if code not in (DONE, PARTLY):
            say(MessageType.WARNING, subject, html_list(details))
            return self._fail(process.last_words(log))
        kind = MessageType.INFO if code == DONE else MessageType.WARNING
        say(kind, subject, html_list(details + (process.last_words(log) if code else [])))
        return IngestModule.ProcessResult.OK

    def _arguments(self, path, folder):
        return (
            process.command_line(settings.command(self.job_settings), path, folder, Case.getCurrentCase())
            + self.options
        )

    def _fail(self, complaints):
        for complaint in complaints:
            self.logger.log(Level.SEVERE, complaint)
        say(MessageType.ERROR, "could not examine the data source", html_list(complaints))
        return IngestModule.ProcessResult.ERROR
