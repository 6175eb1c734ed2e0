package org.sleuthkit.datamodel;

/** Signatures only. */
public class AnalysisResultAdded {
    private final AnalysisResult result;

    AnalysisResultAdded(AnalysisResult result) {
        this.result = result;
    }

    public AnalysisResult getAnalysisResult() {
        return result;
    }
}
