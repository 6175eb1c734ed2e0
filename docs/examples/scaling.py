"""Time one run on Dask clusters of 1, 2 and 4 workers of this machine; prints the table of docs/cluster.md.

`python docs/examples/scaling.py sample_images/demo.E01 --key file:sample_images/demo.key`
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from distributed import Client, LocalCluster

import plugin
from plugin.common.output import OutputFile
from plugin.common.report_model import FileEntry, Report


def main() -> None:
    """Read the arguments, run once for each number of workers, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--key")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    options = parser.parse_args()
    print(
        "| workers | seconds | CPU seconds of the workers | to them, kB a picture | back, kB a picture | load before |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for workers in options.workers:
        load = os.getloadavg()[0]
        seconds, processor, report = timed_run(options.evidence, options.key, workers)
        count = len(report.files)
        there = sum(entry.size for entry in report.files) / count / 1000
        back = sum(file.size for entry in report.files for file in made(entry)) / count / 1000
        print(f"| {workers} | {seconds:.0f} | {processor:.0f} | {there:.0f} | {back:.0f} | {load:.1f} |", flush=True)


def timed_run(evidence: Path, key: str | None, workers: int) -> tuple[float, float, Report]:
    """Seconds of one run, hashing and reports included; CPU seconds of the workers' processes; the run's report."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        begun = time.monotonic()
        report = plugin.run(evidence, Path(folder) / "out", key=key, cluster=cluster.scheduler_address)
        seconds = time.monotonic() - begun
        with Client(cluster, set_as_default=False) as client:
            return seconds, sum(client.run(time.process_time).values()), report


def made(entry: FileEntry) -> list[OutputFile]:
    """The files that came back from a worker for one carved file."""
    return [file for file in (entry.repaired, entry.restored, entry.provenance) if file is not None]


if __name__ == "__main__":
    main()
