package org.sleuthkit.autopsy.ingest;

/** Signatures only. */
public class IngestMessage {
    public enum MessageType { DATA, INFO, WARNING, ERROR }

    final MessageType type;
    final String source;
    final String subject;
    final String detailsHtml;

    private IngestMessage(MessageType type, String source, String subject, String detailsHtml) {
        if (type == null || source == null || subject == null) {
            throw new IllegalArgumentException();
        }
        this.type = type;
        this.source = source;
        this.subject = subject;
        this.detailsHtml = detailsHtml;
    }

    public static IngestMessage createMessage(MessageType type, String source, String subject, String detailsHtml) {
        return new IngestMessage(type, source, subject, detailsHtml);
    }

    public static IngestMessage createMessage(MessageType type, String source, String subject) {
        return new IngestMessage(type, source, subject, null);
    }
}
