package org.sleuthkit.autopsy.ingest;

import java.util.List;
import org.sleuthkit.datamodel.AbstractFile;
import org.sleuthkit.datamodel.Content;
import record.Ledger;

/** The job behind context and progress bar: takes note of what modules ask of them. */
public final class IngestJobExecutor {
    private final Content dataSource;
    private final String cancelWhen;
    private volatile long cancelledAt;

    /** A job that is cancelled as soon as a progress text holds {@code cancelWhen}; never where that is null. */
    public IngestJobExecutor(Content dataSource, String cancelWhen) {
        this.dataSource = dataSource;
        this.cancelWhen = cancelWhen;
    }

    public IngestJobContext context() {
        return new IngestJobContext(this);
    }

    public DataSourceIngestModuleProgress progressBar() {
        return new DataSourceIngestModuleProgress(this);
    }

    public long cancelledAt() {
        return cancelledAt;
    }

    Content getDataSource() {
        return dataSource;
    }

    boolean isCancelled() {
        return cancelledAt != 0;
    }

    void show(String text) {
        Ledger.write("progress", "text", text);
        if (cancelWhen != null && cancelledAt == 0 && text.contains(cancelWhen)) {
            cancelledAt = System.currentTimeMillis();
        }
    }

    void addFiles(List<AbstractFile> files) {
        for (AbstractFile file : files) {
            Ledger.write("scheduled", "name", file.getName());
        }
    }
}
