"""`dfxml.xml`: the carved files in Digital Forensics XML (schema 2.0.0-beta.0 of the DFXML working group).

`filename`, `filesize` and the `img_offset` and `len` of every byte run are what importers such as Autopsy's read.
What the schema has no word for stands in a namespace of our own, where it allows other namespaces.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from carving.source import HOLE_OFFSET, Run
from plugin.common.allocation_record import StoredClaim
from plugin.common.explanation_record import evidence_layout
from plugin.common.report_model import FileEntry, Report

DFXML: Final = "http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML"
OWN: Final = "urn:carve-restore:dfxml:1"
_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
_SCHEMA_VERSION: Final = "2.0.0-beta.0"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""

for _prefix, _uri in (("", DFXML), ("cr", OWN), ("dc", _DUBLIN_CORE)):
    ET.register_namespace(_prefix, _uri)


def dfxml_document(report: Report, origin: Mapping[str, Any]) -> bytes:
    """The report as DFXML.

    Args:
        report: the run's.
        origin: details of the custody record with which the run began.
    """
    root = ET.Element(f"{{{DFXML}}}dfxml", {"version": _SCHEMA_VERSION})
    metadata = _add(root, "metadata")
    _add(metadata, "type", "Carve Report", _DUBLIN_CORE)
    for name in ("examiner", "case", "exhibit"):
        _add(metadata, name, getattr(report.details, name), OWN)
    _add_creator(root, report, origin)
    source = _add(root, "source")
    source.set(f"{{{OWN}}}media_size", str(report.evidence.size))
    for name, digest in (("sha256", report.evidence.sha256), ("md5", report.evidence.md5)):
        if digest is not None:
            source.set(f"{{{OWN}}}{name}", digest)
    for path in report.evidence.paths:
        _add(source, "image_filename", path)
    for entry in report.files:
        _add_file(root, entry)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _add_creator(root: ET.Element, report: Report, origin: Mapping[str, Any]) -> None:
    creator = _add(root, "creator")
    _add(creator, "program", report.tool.name)
    _add(creator, "version", report.tool.version)
    environment = _add(creator, "execution_environment")
    _add(environment, "os_sysname", platform.system())
    _add(environment, "os_release", platform.release())
    _add(environment, "host", str(origin.get("host", "")))
    _add(environment, "arch", platform.machine())
    _add(environment, "command_line", " ".join(map(str, origin.get("arguments", ()))))
    _add(environment, "username", str(origin.get("user", "")))
    _add(environment, "start_time", report.started)
    for name, version in report.tool.libraries.items():
        _add(creator, "library").attrib.update({"name": name, "version": version})


def _add_file(root: ET.Element, entry: FileEntry) -> None:
    """One carved file; the schema wants its children in this order."""
    element = _add(root, "fileobject")
    _add(element, "filename", entry.carved.path)
    if entry.path is not None:
        _add(element, "filename", entry.path)
    if entry.error is not None:
        _add(element, "error", entry.error)
    _add(element, "filesize", str(entry.size))
    if entry.deleted is not None:
        _add(element, "alloc", "0" if entry.deleted else "1")
    if entry.stored is not None:
        _add_stored(element, entry.stored)
    runs = _add(element, "byte_runs")
    file_offset = 0
    for run in evidence_layout(entry.byte_runs, entry.evidence_runs, entry.size):
        _add_run(runs, run, file_offset, entry.size if _is_compressed(entry) else None)
        file_offset += run.length
    digest = _add(element, "hashdigest", entry.carved.sha256)
    digest.set("type", "sha256")
    digest.set(f"{{{OWN}}}covers", _clean(entry.carved.covers))
    _add(element, "layer", entry.layer, OWN)
    if entry.volume is not None:
        _add(element, "volume", str(entry.volume), OWN)
    _add(element, "offset", str(entry.offset), OWN)
    _add(element, "ending", entry.ending, OWN)
    _add(element, "origin", entry.origin.value, OWN)
    if entry.stored is not None:
        _add(element, "structure", entry.stored.structure, OWN)
        for path in entry.stored.other_paths:
            _add(element, "other_path", path, OWN)
    if entry.status is not None:
        _add(element, "status", entry.status.value, OWN)
    if entry.exact_probability is not None:
        _add(element, "exact_probability", str(entry.exact_probability), OWN)
    for kind in ("thumbnail", "undone", "repaired", "restored", "provenance"):
        file = getattr(entry, kind)
        if file is not None:
            made = _add(element, kind, file.path, OWN)
            made.attrib.update({"sha256": file.sha256, "size": str(file.size), "covers": _clean(file.covers)})
    for flip in entry.bit_flips:
        place = {"img_offset": str(flip.evidence_offset), "bit": str(flip.bit)}
        place["probability"] = str(flip.probability)
        _add(element, "bit_flip", None, OWN).attrib.update(place)
    _add_explanation(element, entry)


def _add_explanation(element: ET.Element, entry: FileEntry) -> None:
    """Of what segments and gaps its scan consists."""
    for segment in entry.segments:
        place = {"file_offset": str(segment.stored_bytes.offset), "len": str(segment.stored_bytes.length)}
        place |= {"mcus": str(segment.mcus), "posterior": str(segment.posterior)}
        place |= {} if segment.first_mcu is None else {"first_mcu": str(segment.first_mcu)}
        runs = _add(element, "segment", None, OWN)
        runs.attrib.update(place)
        _add_places(runs, segment.evidence_runs)
    for gap in entry.gaps:
        place = {"file_offset": str(gap.bytes.offset), "len": str(gap.bytes.length), "kind": gap.kind.value}
        runs = _add(element, "gap", None, OWN)
        runs.attrib.update(place)
        _add_places(runs, gap.evidence_runs)


def _add_places(element: ET.Element, runs: tuple[Run, ...]) -> None:
    for run in runs:
        place = {"img_offset": str(run.offset), "len": str(run.length)}
        _add(element, "evidence_run", None, OWN).attrib.update(place)


def _is_compressed(entry: FileEntry) -> bool:
    """Whether the one evidence run of a file is what an archive holds of it, compressed."""
    from_archive = entry.claim is not None and entry.claim.crc32 is not None
    return from_archive and len(entry.evidence_runs) == 1 and entry.evidence_runs[0].length != entry.size


def _add_stored(element: ET.Element, stored: StoredClaim) -> None:
    """What the file system says of the file."""
    if stored.compression_unit:
        _add(element, "compressed", "1")
    _add(element, "inode", str(stored.inode))
    times = (("mtime", stored.modified), ("ctime", stored.changed), ("atime", stored.accessed))
    for name, value in (*times, ("crtime", stored.created)):
        if value is not None:
            _add(element, name, value)


def _add_run(runs: ET.Element, run: Run, file_offset: int, uncompressed: int | None) -> None:
    place = {"fill": "0"} if run.offset == HOLE_OFFSET else {"img_offset": str(run.offset)}
    attributes = {"file_offset": str(file_offset), **place, "len": str(run.length)}
    if uncompressed is not None:
        attributes["uncompressed_len"] = str(uncompressed)
    _add(runs, "byte_run").attrib.update(attributes)


def _add(parent: ET.Element, name: str, text: str | None = None, namespace: str = DFXML) -> ET.Element:
    element = ET.SubElement(parent, f"{{{namespace}}}{name}")
    if text is not None:
        element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
