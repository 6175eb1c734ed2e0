package org.sleuthkit.datamodel;

import record.Ledger;

/** Signatures; takes note of what is posted. */
public final class Blackboard {
    Blackboard() {}

    public void postArtifact(BlackboardArtifact artifact, String moduleName, Long ingestJobId)
            throws BlackboardException {
        Ledger.write("artifact", ((AnalysisResult) artifact).details);
    }

    public static final class BlackboardException extends Exception {
        BlackboardException(String message) {
            super(message);
        }
    }
}
