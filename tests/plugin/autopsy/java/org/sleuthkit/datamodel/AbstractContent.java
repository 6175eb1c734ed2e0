package org.sleuthkit.datamodel;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Collection;

/** Signatures, and analysis results that remember what they hold. */
public abstract class AbstractContent implements Content {
    private static long lastId = 100;

    private final String name;
    private final Content parent;
    private final long id = ++lastId;

    AbstractContent(String name, Content parent) {
        this.name = name;
        this.parent = parent;
    }

    @Override
    public void close() {}

    @Override
    public String getName() {
        return name;
    }

    @Override
    public long getId() {
        return id;
    }

    @Override
    public Content getParent() {
        return parent;
    }

    @Override
    public Content getDataSource() throws TskCoreException {
        return parent == null ? this : parent.getDataSource();
    }

    @Override
    public AnalysisResultAdded newAnalysisResult(
            BlackboardArtifact.Type artifactType,
            Score score,
            String conclusion,
            String configuration,
            String justification,
            Collection<BlackboardAttribute> attributesList)
            throws TskCoreException {
        AnalysisResult result = new AnalysisResult();
        result.details.put("type", artifactType.name);
        result.details.put("on", name);
        result.details.put("score", score.toString());
        result.details.put("conclusion", conclusion);
        result.details.put("configuration", configuration);
        result.details.put("justification", justification);
        for (BlackboardAttribute attribute : attributesList) {
            result.details.put(attribute.type.name, attribute.value);
        }
        return new AnalysisResultAdded(result);
    }

    @Override
    public AnalysisResultAdded newAnalysisResult(
            BlackboardArtifact.Type artifactType,
            Score score,
            String conclusion,
            String configuration,
            String justification,
            Collection<BlackboardAttribute> attributesList,
            long dataSourceId)
            throws TskCoreException {
        return newAnalysisResult(artifactType, score, conclusion, configuration, justification, attributesList);
    }

    /** Read from a file as a content would. */
    static int readFrom(File file, byte[] buf, long offset, long len) throws TskCoreException {
        try (RandomAccessFile opened = new RandomAccessFile(file, "r")) {
            opened.seek(offset);
            return opened.read(buf, 0, (int) Math.min(len, buf.length));
        } catch (IOException error) {
            throw new TskCoreException(error.toString());
        }
    }
}
