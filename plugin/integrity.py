"""Proof that the evidence is what was acquired, and that examining it changed nothing: digests before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from carving.errors import CarveRestoreError, EvidenceError, HashMismatchError
from carving.source import Run
from plugin.custody import CustodyLog
from plugin.evidence_facts import EvidenceFacts
from plugin.evidence_files import FileState, compare_files, hash_files, look_at
from plugin.hashing import ALGORITHMS, compare, hash_source
from plugin.progress import Progress, Stage
from plugin.report.model import Evidence, to_json

Fail = Callable[[str, CarveRestoreError], None]
"""Takes note of a failure that does not end the run: its stage, and what happened."""

_MOST_NAMED: Final = 10


@dataclass(frozen=True)
class Integrity:
    """Hashes the evidence, records what comes out, and takes note of what does not hold."""

    facts: EvidenceFacts
    custody: CustodyLog
    progress: Progress
    fail: Fail

    def before(self) -> Evidence:
        """Digests of the media, compared with the stored ones, and of the evidence files.

        A difference is a failure; the work goes on.
        """
        facts = self.facts
        computed: dict[str, str] = {}
        match: bool | None = None
        try:
            algorithms = tuple(dict.fromkeys((*ALGORITHMS, *facts.stored_hashes)))
            files = 0 if facts.is_one_raw_file else sum(look_at(path).size for path in facts.files)
            computed = hash_source(
                facts.bottom, algorithms, lambda done, media: self.progress.update(Stage.HASH, done, media + files)
            )
            compare(computed, facts.stored_hashes)
            match = True if facts.stored_hashes else None
        except EvidenceError as error:
            self.fail("hash", error)
        except HashMismatchError as error:
            self.fail("hash", error)
            match = False
        if facts.damaged_runs:
            self.fail("hash", CarveRestoreError(_damage(facts.damaged_runs)))
        evidence = Evidence(
            paths=facts.paths,
            size=facts.bottom.size,
            sha256=computed.get("sha256"),
            md5=computed.get("md5"),
            stored_hashes=facts.stored_hashes,
            stored_hashes_match=match,
            damaged_runs=facts.damaged_runs,
            acquisition_errors=facts.acquisition_errors,
            files=self._files(computed.get("sha256")),
            unchanged=None,
        )
        self.custody.record("evidence_hashed", computed=computed, evidence=to_json(evidence))
        return evidence

    def after(self, evidence: Evidence) -> Evidence:
        """Hash the evidence files once more; the evidence, with whether they are as they were before."""
        unchanged: bool | None = None
        files: tuple[FileState, ...] = ()
        try:
            files = hash_files(self.facts.files, self._progress(Stage.RECHECK))
            compare_files(evidence.files, files)
            unchanged = True if all(state.sha256 is not None for state in evidence.files) else None
        except EvidenceError as error:
            self.fail("recheck", error)
        except HashMismatchError as error:
            self.fail("recheck", error)
            unchanged = False
        self.custody.record("evidence_hashed_again", files=[to_json(state) for state in files], unchanged=unchanged)
        return replace(evidence, unchanged=unchanged)

    def _files(self, media_sha256: str | None) -> tuple[FileState, ...]:
        """The evidence files with their digests; one raw file is its media, and is not read twice."""
        paths = self.facts.files
        try:
            if self.facts.is_one_raw_file:
                return (replace(look_at(paths[0]), sha256=media_sha256),)
            media = self.facts.bottom.size
            return hash_files(paths, lambda done, total: self.progress.update(Stage.HASH, media + done, media + total))
        except EvidenceError as error:
            self.fail("hash", error)
            return tuple(FileState(path, 0, "", None) for path in self.facts.paths)

    def _progress(self, stage: Stage) -> Callable[[int, int], None]:
        return lambda done, total: self.progress.update(stage, done, total)


def _damage(runs: tuple[Run, ...]) -> str:
    """What is said of damaged chunks; the report lists all."""
    total = sum(run.length for run in runs)
    named = ", ".join(f"{run.offset} to {run.end}" for run in runs[:_MOST_NAMED])
    more = f" and {len(runs) - _MOST_NAMED} more ranges" if len(runs) > _MOST_NAMED else ""
    return f"{total} bytes of the media stand in damaged chunks of the evidence file: bytes {named}{more}"
