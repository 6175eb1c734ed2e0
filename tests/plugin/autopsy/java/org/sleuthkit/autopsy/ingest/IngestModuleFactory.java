package org.sleuthkit.autopsy.ingest;

/** Signatures only. */
public interface IngestModuleFactory {
    String getModuleDisplayName();

    String getModuleDescription();

    String getModuleVersionNumber();

    boolean hasGlobalSettingsPanel();

    IngestModuleGlobalSettingsPanel getGlobalSettingsPanel();

    IngestModuleIngestJobSettings getDefaultIngestJobSettings();

    boolean hasIngestJobSettingsPanel();

    IngestModuleIngestJobSettingsPanel getIngestJobSettingsPanel(IngestModuleIngestJobSettings settings);

    boolean isDataSourceIngestModuleFactory();

    DataSourceIngestModule createDataSourceIngestModule(IngestModuleIngestJobSettings settings);

    boolean isFileIngestModuleFactory();

    FileIngestModule createFileIngestModule(IngestModuleIngestJobSettings settings);
}
