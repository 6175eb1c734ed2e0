package org.sleuthkit.datamodel;

import java.util.Collection;

/** Signatures only. */
public interface Content {
    int read(byte[] buf, long offset, long len) throws TskCoreException;

    void close();

    long getSize();

    String getName();

    long getId();

    Content getDataSource() throws TskCoreException;

    Content getParent() throws TskCoreException;

    AnalysisResultAdded newAnalysisResult(
            BlackboardArtifact.Type artifactType,
            Score score,
            String conclusion,
            String configuration,
            String justification,
            Collection<BlackboardAttribute> attributesList)
            throws TskCoreException;

    AnalysisResultAdded newAnalysisResult(
            BlackboardArtifact.Type artifactType,
            Score score,
            String conclusion,
            String configuration,
            String justification,
            Collection<BlackboardAttribute> attributesList,
            long dataSourceId)
            throws TskCoreException;
}
