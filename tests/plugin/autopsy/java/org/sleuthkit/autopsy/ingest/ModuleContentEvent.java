package org.sleuthkit.autopsy.ingest;

import javax.swing.event.ChangeEvent;
import org.sleuthkit.datamodel.Content;

/** Signatures only. */
public class ModuleContentEvent extends ChangeEvent {
    public ModuleContentEvent(Content content) {
        super(content);
    }

    public ModuleContentEvent(Object source) {
        super(source);
    }
}
