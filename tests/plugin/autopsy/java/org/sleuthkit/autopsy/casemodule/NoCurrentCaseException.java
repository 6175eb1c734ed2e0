package org.sleuthkit.autopsy.casemodule;

/** Signatures only. */
public final class NoCurrentCaseException extends Exception {
    public NoCurrentCaseException(String message) {
        super(message);
    }
}
