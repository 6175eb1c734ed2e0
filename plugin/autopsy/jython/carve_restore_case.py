"""Put what `carve-restore` found into the case: files, interesting items, reports.

A carved file that stands byte by byte in the data source becomes a carved file, whose content Autopsy reads from the
image itself. What was decrypted, corrected or restored does not stand there; it becomes a derived file in the case
folder. Which of the two, the digest of the bytes as Autopsy reads them decides.
"""

from __future__ import unicode_literals

import carve_restore_words as words
from carve_restore_words import MODULE_NAME
from jarray import zeros
from java.io import File
from java.lang import Math
from java.security import MessageDigest
from java.util import ArrayList, Arrays, Collections
from java.util.concurrent import ConcurrentHashMap
from org.sleuthkit.autopsy.casemodule import Case
from org.sleuthkit.autopsy.ingest import IngestServices, ModuleContentEvent
from org.sleuthkit.datamodel import (
    BlackboardArtifact,
    BlackboardAttribute,
    CarvingResult,
    Score,
    TskData,
    TskFileRange,
)

BATCH = 500
"""Carved files that are added at a time."""
REPORTS = (
    ("report.html", "carve-restore report"),
    ("report.json", "carve-restore report (JSON)"),
    ("custody.jsonl", "carve-restore custody log"),
    ("dfxml.xml", "carve-restore report (DFXML)"),
    ("case.jsonld", "carve-restore report (CASE)"),
)
PICTURES = ("repaired", "restored")
BUFFER = 1 << 20


ADDED = Collections.newSetFromMap(ConcurrentHashMap())
"""Object ids of all files these modules added, so that they do not look into their own results."""


class CaseWriter(object):
    """Adds one report's files to the case.

    Attributes:
        context: the ingest job's context.
        source: the content that was examined; new files become its descendants.
        folder: the output folder, inside the case folder.
        version: of the tool, for the record.
    """

    def __init__(self, context, source, folder, version):
        self.context = context
        self.source = source
        self.folder = folder
        self.version = version
        self.case = Case.getCurrentCase()
        self.files = self.case.getServices().getFileManager()
        self.configuration = "parameters in report.json of %s" % folder.getName()

    def add(self, report, is_cancelled):
        """Add every file of the report, in batches; what has been added stays when the job is cancelled."""
        entries = report["files"]
        for start in range(0, len(entries), BATCH):
            batch = []
            for entry in entries[start : start + BATCH]:
                if is_cancelled():
                    return
                batch.append((entry, self._is_in_source(entry)))
            for entry, original in self._add_originals(batch):
                self.add_made(entry, original)

    def add_reports(self):
        """Add the reports that the run left."""
        for name, title in REPORTS:
            if File(self.folder, name).isFile():
                self.case.addReport(File(self.folder, name).getAbsolutePath(), MODULE_NAME, title)

    def add_hash_failure(self, evidence):
        """Mark a data source whose stored and computed hashes differ."""
        said = "stored: %s; computed: sha256 %s, md5 %s" % (
            ", ".join("%s %s" % item for item in sorted(evidence["stored_hashes"].items())),
            evidence["sha256"],
            evidence["md5"],
        )
        attributes = [_attribute("TSK_COMMENT", said)]
        self._post(self.source, "TSK_VERIFICATION_FAILED", Score.SCORE_NOTABLE, "hashes differ", said, attributes)

    def _is_in_source(self, entry):
        """Whether the evidence runs, as Autopsy reads them, are the carved bytes."""
        if sum(run["length"] for run in entry["evidence_runs"]) != entry["size"]:
            return False
        digest = MessageDigest.getInstance("SHA-256")
        for run in entry["evidence_runs"]:
            position, left = run["offset"], run["length"]
            while left > 0:
                buffer = zeros(int(Math.min(left, BUFFER)), "b")
                got = self.source.read(buffer, position, len(buffer))
                if got <= 0:
                    return False
                digest.update(buffer, 0, got)
                position, left = position + got, left - got
        return "".join("%02x" % (byte & 0xFF) for byte in digest.digest()) == entry["carved"]["sha256"]

    def _add_originals(self, batch):
        """Carved files in one go, derived ones one by one; in the order of the report."""
        carved = ArrayList()
        for entry, in_source in batch:
            if in_source:
                runs = ArrayList()
                for number, run in enumerate(entry["evidence_runs"]):
                    runs.add(TskFileRange(run["offset"], run["length"], number))
                carved.add(CarvingResult.CarvedFile(_name(entry["carved"]), entry["size"], runs))
        layouts = iter(())
        if not carved.isEmpty():
            layouts = iter(self.files.addCarvedFiles(CarvingResult(self.source, carved)))
        added = []
        for entry, in_source in batch:
            original = next(layouts) if in_source else self._derive(entry["carved"], self.source)
            added.append((entry, original))
        self._announce([original for _, original in added])
        return added

    def add_made(self, entry, original):
        """The repaired stream or the restored picture, and its map, as children of the damaged original."""
        if entry["status"] in ("intact", None):
            return
        pictures = []
        for name in PICTURES:
            if entry[name] and not (name == "restored" and entry["repaired"]):  # that shows the same
                picture = self._derive(entry[name], original)
                self._mark(entry, entry[name], picture)
                pictures.append(picture)
        if entry["provenance"]:
            self._derive(entry["provenance"], original)  # a map, not a picture for other modules to look into
        self._announce(pictures)

    def _derive(self, written, parent):
        local = File(self.folder, written["path"])
        case_folder = File(self.case.getCaseDirectory()).toPath()
        return self.files.addDerivedFile(
            _name(written),
            case_folder.relativize(local.toPath()).toString(),
            written["size"],
            0,
            0,
            0,
            0,
            True,
            parent,
            written["covers"],
            MODULE_NAME,
            self.version,
            "SHA-256 " + written["sha256"],
            TskData.EncodingType.NONE,
        )

    def _mark(self, entry, written, file):
        # Generated pixels must not raise the file's score: a picture that a network finished proves nothing.
        score = Score.SCORE_UNKNOWN if entry["mcus"]["generated"] else Score.SCORE_LIKELY_NOTABLE
        attributes = [
            _attribute("TSK_SET_NAME", words.set_name(entry)),
            _attribute("TSK_COMMENT", words.identity(entry, written)),
        ]
        conclusion = "%s: %s" % (entry["status"], words.MEANINGS[entry["status"]])
        self._post(file, "TSK_INTERESTING_ITEM", score, conclusion, words.justification(entry), attributes)

    def _post(self, content, kind, score, conclusion, justification, attributes):
        result = content.newAnalysisResult(
            getattr(BlackboardArtifact.Type, kind),
            score,
            conclusion,
            self.configuration,
            justification,
            Arrays.asList(attributes),
        ).getAnalysisResult()
        blackboard = self.case.getSleuthkitCase().getBlackboard()
        blackboard.postArtifact(result, MODULE_NAME, self.context.getJobId())

    def _announce(self, files):
        """Hand new files to the other modules of the job, and show them in the tree."""
        if not files:
            return
        for file in files:
            ADDED.add(file.getId())
        self.context.addFilesToJob(ArrayList(files))
        IngestServices.getInstance().fireModuleContentEvent(ModuleContentEvent(files[0]))


def _name(written):
    """`carved-0000123456.jpg`: what it is and where it was found."""
    return written["path"].replace("/", "-")


def _attribute(kind, text):
    return BlackboardAttribute(getattr(BlackboardAttribute.Type, kind), MODULE_NAME, text)
