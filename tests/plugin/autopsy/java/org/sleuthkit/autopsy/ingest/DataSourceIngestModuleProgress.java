package org.sleuthkit.autopsy.ingest;

import record.Ledger;

/** Signatures; takes note. */
public class DataSourceIngestModuleProgress {
    private final IngestJobExecutor job;

    DataSourceIngestModuleProgress(IngestJobExecutor job) {
        this.job = job;
    }

    public void switchToDeterminate(int workUnits) {
        Ledger.write("bar", "units", workUnits);
    }

    public void switchToIndeterminate() {
        Ledger.write("bar", "units", -1);
    }

    public void progress(int workUnits) {
        Ledger.write("step", "units", workUnits);
    }

    public void progress(String message) {
        job.show(message);
    }

    public void progress(String currentTask, int workUnits) {
        Ledger.write("step", "units", workUnits);
        job.show(currentTask);
    }
}
