"""The evidence read once from end to end: the digests of its media and of its files, and where it is damaged."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

from carving.errors import EvidenceError
from carving.source import Run
from plugin.common.background import Pause
from plugin.common.file_state import FileState
from plugin.common.progress import Progress, Stage
from plugin.custody.evidence_facts import EvidenceFacts
from plugin.custody.evidence_files import hash_files, look_at
from plugin.custody.hashing import hash_source


@dataclass(frozen=True, slots=True)
class EvidenceDigests:
    """What came out; an error stands where something could not be read.

    Attributes:
        computed: hex digests of the media, by algorithm.
        damaged: stretches of the media that are damaged in the evidence file.
        wrong_checksums: in words, what a container stores of its content and does not fit.
        files: the evidence files with their digests.
    """

    computed: dict[str, str]
    media_error: EvidenceError | None
    damaged: tuple[Run, ...]
    files: tuple[FileState, ...]
    files_error: EvidenceError | None
    wrong_checksums: tuple[str, ...] = ()


def hash_evidence(
    facts: EvidenceFacts, algorithms: tuple[str, ...], progress: Progress, pause: Pause
) -> EvidenceDigests:
    """Hash the media, opened once more as somebody else reads from the first, then its files.

    Args:
        facts: of the evidence.
        algorithms: what the media are hashed with, SHA-256 among them.
        progress: hears how far it is.
        pause: called with every buffer.
    """
    from carving.evidence import open_media

    computed: dict[str, str] = {}
    media_error: EvidenceError | None = None
    damaged = facts.damaged_runs
    wrong: tuple[str, ...] = ()
    size = facts.bottom.size
    rest = 0

    def tell(done: int, _total: int) -> None:
        pause()
        progress.update(Stage.HASH, done, size + rest)

    try:
        rest = 0 if facts.is_one_raw_file else sum(look_at(path).size for path in facts.files)
        with closing(open_media(facts.opened)) as media:
            computed = hash_source(media, algorithms, tell)
            damaged = EvidenceFacts(media, facts.opened).damaged_runs
            wrong = () if facts.container is None else facts.container.wrong_checksums(media, pause)
    except EvidenceError as error:
        media_error = error
    files: tuple[FileState, ...]
    try:
        if facts.is_one_raw_file:  # its media byte for byte, so it is not read twice
            files = (replace(look_at(facts.files[0]), sha256=computed.get("sha256")),)
        else:
            files = hash_files(facts.files, lambda done, _total: tell(size + done, size))
    except EvidenceError as error:
        lost = tuple(FileState(path, 0, "", None) for path in facts.paths)
        return EvidenceDigests(computed, media_error, damaged, lost, error, wrong)
    return EvidenceDigests(computed, media_error, damaged, files, None, wrong)
