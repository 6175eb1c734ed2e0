package driver;

import java.awt.Component;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Properties;
import javax.swing.JTextField;
import org.sleuthkit.autopsy.ingest.GenericIngestModuleJobSettings;
import org.sleuthkit.autopsy.ingest.IngestModuleFactory;
import org.sleuthkit.autopsy.ingest.IngestModuleIngestJobSettings;
import org.sleuthkit.autopsy.ingest.IngestModuleIngestJobSettingsPanel;
import record.Ledger;

/** Shows the settings panel of each module, types into its fields, and stores what comes back as Autopsy does. */
final class PanelRun {
    private PanelRun() {}

    static void run(List<IngestModuleFactory> factories, Properties scenario) throws IOException {
        for (IngestModuleFactory factory : factories) {
            IngestModuleIngestJobSettingsPanel panel =
                    factory.getIngestJobSettingsPanel(Driver.settings(factory, scenario));
            for (Component component : panel.getComponents()) {
                if (component instanceof JTextField field) {
                    Ledger.write("field", "text", field.getText(), "hint", field.getToolTipText());
                    if (field.getToolTipText().startsWith("File with")) {
                        field.setText(" " + scenario.getProperty("type key file") + " ");
                    }
                }
            }
            IngestModuleIngestJobSettings stored = panel.getSettings();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            new ObjectOutputStream(bytes).writeObject(stored);
            GenericIngestModuleJobSettings settings = (GenericIngestModuleJobSettings) stored;
            Ledger.write("stored", "key_file", settings.getSetting("key_file"), "bytes", bytes.size());
        }
    }
}
