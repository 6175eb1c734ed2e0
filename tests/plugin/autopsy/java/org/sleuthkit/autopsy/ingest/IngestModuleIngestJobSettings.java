package org.sleuthkit.autopsy.ingest;

import java.io.Serializable;

/** Signatures only. */
public interface IngestModuleIngestJobSettings extends Serializable {
    long getVersionNumber();
}
