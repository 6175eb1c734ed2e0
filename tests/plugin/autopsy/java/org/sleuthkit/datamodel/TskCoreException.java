package org.sleuthkit.datamodel;

/** Signatures only. */
public class TskCoreException extends Exception {
    public TskCoreException(String message) {
        super(message);
    }
}
