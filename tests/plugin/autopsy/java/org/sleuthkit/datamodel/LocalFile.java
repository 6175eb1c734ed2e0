package org.sleuthkit.datamodel;

import java.io.File;

/** A file of a data source, as file ingest modules meet it. */
public class LocalFile extends AbstractFile {
    private final File local;
    private final String mimeType;

    public LocalFile(String name, Content parent, File local, String mimeType) {
        super(name, parent, local.length());
        this.local = local;
        this.mimeType = mimeType;
    }

    @Override
    public String getMIMEType() {
        return mimeType;
    }

    @Override
    public int read(byte[] buf, long offset, long len) throws TskCoreException {
        return readFrom(local, buf, offset, len);
    }
}
