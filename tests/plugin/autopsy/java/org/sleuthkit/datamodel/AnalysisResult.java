package org.sleuthkit.datamodel;

import java.util.LinkedHashMap;
import java.util.Map;

/** An analysis result and what was said of it. */
public class AnalysisResult extends BlackboardArtifact {
    final Map<String, Object> details = new LinkedHashMap<>();
}
