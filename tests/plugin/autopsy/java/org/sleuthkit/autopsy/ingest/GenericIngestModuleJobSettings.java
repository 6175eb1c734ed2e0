package org.sleuthkit.autopsy.ingest;

import java.util.HashMap;
import java.util.Map;

/** A serializable map of strings. */
public class GenericIngestModuleJobSettings implements IngestModuleIngestJobSettings {
    private static final long serialVersionUID = 1L;
    private final Map<String, String> settings = new HashMap<>();

    @Override
    public long getVersionNumber() {
        return serialVersionUID;
    }

    public String getSetting(String key) {
        return settings.get(key);
    }

    public void setSetting(String key, String value) {
        settings.put(key, value);
    }

    public void removeSetting(String key) {
        settings.remove(key);
    }
}
