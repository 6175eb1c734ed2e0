package org.sleuthkit.autopsy.ingest;

import org.sleuthkit.datamodel.AbstractFile;

/** Signatures only. */
public interface FileIngestModule extends IngestModule {
    ProcessResult process(AbstractFile file);

    void shutDown();
}
