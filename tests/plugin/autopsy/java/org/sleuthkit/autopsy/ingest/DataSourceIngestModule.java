package org.sleuthkit.autopsy.ingest;

import org.sleuthkit.datamodel.Content;

/** Signatures only. */
public interface DataSourceIngestModule extends IngestModule {
    ProcessResult process(Content dataSource, DataSourceIngestModuleProgress progressBar);

    default void shutDown() {}
}
