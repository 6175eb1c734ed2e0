package org.sleuthkit.autopsy.ingest;

/** Signatures only. */
public interface IngestModule {
    enum ProcessResult { OK, ERROR }

    class IngestModuleException extends Exception {
        public IngestModuleException() {}

        public IngestModuleException(String message) {
            super(message);
        }

        public IngestModuleException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    default void startUp(IngestJobContext context) throws IngestModuleException {}
}
