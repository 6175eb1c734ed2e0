"""`case.jsonld`: the run in CASE 1.4 / UCO 1.4 (JSON-LD), one investigative action per step, results feeding the next.

Every node is named by a UUID that follows from the custody log's head and the node's role, so that the same report
gives the same graph. Written by hand: the libraries that check such graphs are for tests only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any, Final

from plugin.common.output import OutputFile
from plugin.common.report_model import FileEntry, Report, ThumbnailFile

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:carve-restore:case:1")
_CONTEXT: Final = {
    "kb": "urn:uuid:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_MEDIA_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png"}

Node = dict[str, Any]


def case_document(report: Report) -> bytes:
    """The report as JSON-LD in UTF-8."""
    graph = list(_Graph(report).nodes())
    text = json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


class _Graph:
    """The nodes of one report."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tool = self._id("tool")
        self._examiner = self._id("examiner")
        self._image = self._id("image")
        self._volume = self._id("decrypted")

    def nodes(self) -> Iterator[Node]:
        report = self._report
        yield self._tool_node()
        yield {
            "@id": self._examiner,
            "@type": "uco-identity:Identity",
            "uco-core:name": report.details.examiner,
        }
        yield self._image_node()
        for entry in report.files:
            yield from self._file_nodes(entry)
        yield from self._actions()

    def _id(self, role: str) -> str:
        return f"kb:{uuid.uuid5(_NAMESPACE, f'{self._report.custody.sha256} {role}')}"

    def _tool_node(self) -> Node:
        tool = self._report.tool
        return {
            "@id": self._tool,
            "@type": "uco-tool:AnalyticTool",
            "uco-core:name": tool.name,
            "uco-tool:version": tool.version,
        }

    def _image_node(self) -> Node:
        evidence = self._report.evidence
        digests = (("SHA256", evidence.sha256), ("MD5", evidence.md5))
        return {
            "@id": self._image,
            "@type": "uco-observable:Image",
            "uco-core:hasFacet": [
                {
                    "@id": self._id("image file"),
                    "@type": "uco-observable:FileFacet",
                    "uco-observable:fileName": evidence.paths[0],
                    "uco-observable:sizeInBytes": _integer(evidence.size),
                },
                {
                    "@id": self._id("image content"),
                    "@type": "uco-observable:ContentDataFacet",
                    "uco-observable:hash": [
                        self._hash("image", method, digest) for method, digest in digests if digest is not None
                    ],
                },
            ],
        }

    def _file_nodes(self, entry: FileEntry) -> Iterator[Node]:
        for kind, file in _outputs(entry):
            yield self._picture_node(entry, kind, file)
        for number, run in enumerate(entry.evidence_runs):
            role = f"{entry.stem} run {number}"
            place = {
                "@id": self._id(f"{role} range"),
                "@type": "uco-observable:DataRangeFacet",
                "uco-observable:rangeOffset": _integer(run.offset),
                "uco-observable:rangeSize": _integer(run.length),
            }
            carved = self._picture(entry, "carved")
            yield {
                "@id": self._id(role),
                "@type": "uco-observable:ObservableRelationship",
                **_relation(carved, self._image, "Contained_Within"),
                "uco-core:hasFacet": [place],
            }
        if entry.path is not None:
            yield self._stored_node(entry, entry.path)
            yield self._relationship(entry, "carved", "stored", "Derived_From")
        if entry.thumbnail is not None:
            yield self._relationship(entry, "thumbnail", "carved", "Contained_Within")
        for kind in _MADE:
            if getattr(entry, kind) is not None:
                yield self._relationship(entry, kind, "carved", "Derived_From")

    def _stored_node(self, entry: FileEntry, path: str) -> Node:
        """The file as its file system calls it."""
        facet: Node = {
            "@id": self._id(f"{entry.stem} stored file"),
            "@type": "uco-observable:FileFacet",
            "uco-observable:fileName": path.rpartition("/")[2],
            "uco-observable:filePath": path,
            "uco-observable:allocationStatus": "unallocated" if entry.deleted else "allocated",
        }
        if entry.stored is not None:
            facet["uco-observable:sizeInBytes"] = _integer(entry.stored.size)
        return {
            "@id": self._picture(entry, "stored"),
            "@type": ["uco-observable:File", "uco-observable:ObservableObject"],
            "uco-core:description": "the file as a file system calls it; its name is a claim",
            "uco-core:hasFacet": [facet],
        }

    def _relationship(self, entry: FileEntry, source: str, target: str, kind: str) -> Node:
        return {
            "@id": self._id(f"{entry.stem} {source} {kind} {target}"),
            "@type": "uco-observable:ObservableRelationship",
            **_relation(self._picture(entry, source), self._picture(entry, target), kind),
        }

    def _picture(self, entry: FileEntry, kind: str) -> str:
        return self._id(f"{entry.stem} {kind}")

    def _picture_node(self, entry: FileEntry, kind: str, file: OutputFile | ThumbnailFile) -> Node:
        role = f"{entry.stem} {kind}"
        return {
            "@id": self._picture(entry, kind),
            "@type": ["uco-observable:RasterPicture", "uco-observable:ObservableObject"],
            "uco-core:description": file.covers,
            "uco-core:hasFacet": [
                {
                    "@id": self._id(f"{role} file"),
                    "@type": "uco-observable:FileFacet",
                    "uco-observable:fileName": file.path.rpartition("/")[2],
                    "uco-observable:filePath": file.path,
                    "uco-observable:sizeInBytes": _integer(file.size),
                },
                {
                    "@id": self._id(f"{role} content"),
                    "@type": "uco-observable:ContentDataFacet",
                    "uco-observable:mimeType": _MEDIA_TYPES[file.path.rpartition(".")[2]],
                    "uco-observable:hash": [self._hash(role, "SHA256", file.sha256)],
                },
            ],
        }

    def _hash(self, role: str, method: str, digest: str) -> Node:
        return {
            "@id": self._id(f"{role} {method}"),
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": method,
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": digest.upper()},
        }

    def _actions(self) -> Iterator[Node]:
        """One action per step, each taking what the one before it gave, and a provenance record of what it gave."""
        files = self._report.files
        taken = [self._image]
        yield from self._step("verify", "Hash the evidence, before and after", taken, taken)
        if self._report.key is not None:
            yield {"@id": self._volume, "@type": "uco-observable:ObservableObject", "uco-core:name": "decrypted volume"}
            yield from self._step("decrypt", f"Decrypt it ({self._report.key.cipher})", taken, [self._volume])
            taken = [self._volume]
        carved = [self._picture(entry, kind) for entry in files for kind, _ in _outputs(entry) if kind in _FOUND]
        made = [self._picture(entry, kind) for entry in files for kind, _ in _outputs(entry) if kind not in _FOUND]
        yield from self._step("carve", "Carve JPEG files, as found", taken, carved)
        if not self._report.parameters.carve_only:
            yield from self._step("restore", "Reverse flipped bits, place and fill blocks", carved, made)

    def _step(self, role: str, name: str, taken: list[str], given: list[str]) -> Iterator[Node]:
        report = self._report
        record = self._id(f"record of {role}")
        action: Node = {
            "@id": self._id(f"action {role}"),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": name,
            "uco-action:startTime": _time(report.started),
            "uco-action:endTime": _time(report.finished),
            "uco-action:performer": {"@id": self._examiner},
            "uco-action:instrument": {"@id": self._tool},
        }
        if taken:
            action["uco-action:object"] = [{"@id": identifier} for identifier in taken]
        action["uco-action:result"] = [{"@id": identifier} for identifier in [*given, record]]
        yield action
        provenance: Node = {
            "@id": record,
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": f"{name}: case {report.details.case}, custody log {report.custody.sha256}",
            "case-investigation:exhibitNumber": report.details.exhibit,
        }
        if given:
            provenance["uco-core:object"] = [{"@id": identifier} for identifier in given]
        yield provenance


_FOUND: Final = ("carved", "thumbnail")
_MADE: Final = ("undone", "repaired", "restored")


def _outputs(entry: FileEntry) -> Iterator[tuple[str, OutputFile | ThumbnailFile]]:
    for kind in (*_FOUND, *_MADE, "provenance"):
        file = getattr(entry, kind)
        if file is not None:
            yield kind, file


def _relation(source: str, target: str, kind: str) -> Node:
    return {
        "uco-core:source": {"@id": source},
        "uco-core:target": {"@id": target},
        "uco-core:kindOfRelationship": kind,
        "uco-core:isDirectional": True,
    }


def _integer(value: int) -> Node:
    return {"@type": "xsd:integer", "@value": str(value)}


def _time(value: str) -> Node:
    return {"@type": "xsd:dateTime", "@value": value}
