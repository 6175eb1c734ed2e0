package org.sleuthkit.autopsy.ingest;

/** What a module without settings has. */
public final class NoIngestModuleIngestJobSettings implements IngestModuleIngestJobSettings {
    @Override
    public long getVersionNumber() {
        return 1L;
    }
}
