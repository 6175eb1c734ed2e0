package org.sleuthkit.autopsy.ingest;

import javax.swing.JPanel;

/** Signatures only. */
public abstract class IngestModuleGlobalSettingsPanel extends JPanel {
    public abstract void saveSettings();
}
