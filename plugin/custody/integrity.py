"""Proof that the evidence is what was acquired, and that examining it changed nothing: digests before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from carving.errors import CarveRestoreError, EvidenceError, HashMismatchError
from carving.source import Run
from plugin.common.background import Background
from plugin.common.file_state import FileState
from plugin.common.progress import Progress, Stage
from plugin.common.report_model import Evidence, to_json
from plugin.custody.custody_log import CustodyLog
from plugin.custody.evidence_facts import EvidenceFacts
from plugin.custody.evidence_files import compare_files, hash_files
from plugin.custody.evidence_hashing import EvidenceDigests, hash_evidence
from plugin.custody.hashing import ALGORITHMS, compare

Fail = Callable[[str, CarveRestoreError], None]
"""Takes note of a failure that does not end the run: its stage, and what happened."""

_MOST_NAMED: Final = 10


class Integrity:
    """Hashes the evidence, records what comes out, and takes note of what does not hold.

    The first hashing runs in a thread of its own from the making of this on, beside the search.
    """

    def __init__(
        self,
        facts: EvidenceFacts,
        further: tuple[str, ...],
        custody: CustodyLog,
        progress: Progress,
        fail: Fail,
        earlier: Evidence | None = None,
    ) -> None:
        """Begin to hash.

        Args:
            facts: of the evidence.
            further: digests of the media to compute beside SHA-256 and those that the acquisition stored.
            custody: where results are recorded.
            progress: hears how far it is, also from that thread.
            fail: hears what does not hold.
            earlier: the evidence as an earlier run has hashed it, which is then not done again.
        """
        self._facts = facts
        self._custody = custody
        self._progress = progress
        self._fail = fail
        self._before = earlier
        algorithms = tuple(dict.fromkeys((*ALGORITHMS, *further, *facts.stored_hashes)))
        self._hashing = None if earlier else Background(partial(hash_evidence, facts, algorithms, progress))

    def close(self) -> None:
        """Stop hashing, if it still goes on."""
        if self._hashing is not None:
            self._hashing.close()

    def settle(self) -> None:
        """Record the first digests as soon as they are there; to be called now and then."""
        if self._before is None and self._hashing is not None and self._hashing.is_done:
            self.before()

    def before(self) -> Evidence:
        """Digests of the media, compared with the stored ones, and of the evidence files; waits for them.

        A difference is a failure; the work goes on.
        """
        if self._before is None:
            assert self._hashing is not None
            self._before = self._take(self._hashing.result())
        return self._before

    def after(self) -> Evidence:
        """Hash the evidence files once more; the evidence, with whether they are as they were before."""
        evidence = self.before()
        unchanged: bool | None = None
        files: tuple[FileState, ...] = ()
        try:
            files = hash_files(self._facts.files, partial(self._progress.update, Stage.RECHECK))
            compare_files(evidence.files, files)
            unchanged = True if all(state.sha256 is not None for state in evidence.files) else None
        except EvidenceError as error:
            self._fail("recheck", error)
        except HashMismatchError as error:
            self._fail("recheck", error)
            unchanged = False
        self._custody.record("evidence_hashed_again", files=[to_json(state) for state in files], unchanged=unchanged)
        return replace(evidence, unchanged=unchanged)

    def _take(self, measured: EvidenceDigests) -> Evidence:
        facts = self._facts
        match: bool | None = None
        if measured.media_error is not None:
            self._fail("hash", measured.media_error)
        else:
            try:
                compare(measured.computed, facts.stored_hashes)
                match = True if facts.stored_hashes else None
            except HashMismatchError as error:
                self._fail("hash", error)
                match = False
        if measured.damaged:
            self._fail("hash", CarveRestoreError(_damage(measured.damaged)))
        for wrong in measured.wrong_checksums:
            self._fail("hash", HashMismatchError(wrong))
        if measured.files_error is not None:
            self._fail("hash", measured.files_error)
        evidence = Evidence(
            paths=facts.paths,
            size=facts.bottom.size,
            sha256=measured.computed.get("sha256"),
            md5=measured.computed.get("md5"),
            stored_hashes=facts.stored_hashes,
            stored_hashes_match=match,
            damaged_runs=measured.damaged,
            acquisition_errors=facts.acquisition_errors,
            files=measured.files,
            unchanged=None,
        )
        self._custody.record("evidence_hashed", computed=measured.computed, evidence=to_json(evidence))
        return evidence


def _damage(runs: tuple[Run, ...]) -> str:
    """What is said of damaged chunks; the report lists all."""
    total = sum(run.length for run in runs)
    named = ", ".join(f"{run.offset} to {run.end}" for run in runs[:_MOST_NAMED])
    more = f" and {len(runs) - _MOST_NAMED} more ranges" if len(runs) > _MOST_NAMED else ""
    return f"{total} bytes of the media stand in damaged chunks of the evidence file: bytes {named}{more}"
