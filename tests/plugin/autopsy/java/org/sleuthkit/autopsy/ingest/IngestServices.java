package org.sleuthkit.autopsy.ingest;

import org.sleuthkit.datamodel.Content;
import record.Ledger;

/** Signatures; takes note. */
public final class IngestServices {
    private static final IngestServices INSTANCE = new IngestServices();

    private IngestServices() {}

    public static IngestServices getInstance() {
        return INSTANCE;
    }

    public void postMessage(IngestMessage message) {
        Ledger.write("message", "type", message.type, "subject", message.subject, "details", message.detailsHtml);
    }

    public void fireModuleContentEvent(ModuleContentEvent event) {
        Ledger.write("content_event", "name", ((Content) event.getSource()).getName());
    }
}
