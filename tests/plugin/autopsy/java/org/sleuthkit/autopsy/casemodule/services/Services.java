package org.sleuthkit.autopsy.casemodule.services;

import org.sleuthkit.datamodel.SleuthkitCase;

/** Signatures only. */
public class Services {
    private final FileManager files;

    public Services(SleuthkitCase database) {
        files = new FileManager(database);
    }

    public FileManager getFileManager() {
        return files;
    }
}
