package org.sleuthkit.autopsy.ingest;

import javax.swing.JPanel;

/** Signatures only. */
public abstract class IngestModuleIngestJobSettingsPanel extends JPanel {
    public abstract IngestModuleIngestJobSettings getSettings();
}
