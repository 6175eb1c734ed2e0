package org.sleuthkit.autopsy.ingest;

import java.util.List;
import org.sleuthkit.datamodel.AbstractFile;
import org.sleuthkit.datamodel.Content;

/** Signatures; constructed by its package only, as in Autopsy. */
public final class IngestJobContext {
    private final IngestJobExecutor job;

    IngestJobContext(IngestJobExecutor job) {
        this.job = job;
    }

    public String getExecutionContext() {
        return "carve-restore-tests";
    }

    public Content getDataSource() {
        return job.getDataSource();
    }

    public long getJobId() {
        return 17L;
    }

    @Deprecated
    public boolean isJobCancelled() {
        return job.isCancelled();
    }

    public boolean dataSourceIngestIsCancelled() {
        return job.isCancelled();
    }

    public boolean fileIngestIsCancelled() {
        return job.isCancelled();
    }

    public boolean processingUnallocatedSpace() {
        return false;
    }

    public void addFilesToJob(List<AbstractFile> files) {
        job.addFiles(files);
    }
}
