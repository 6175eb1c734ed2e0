package org.sleuthkit.datamodel;

import java.io.File;

/** A file that lies in the case folder. */
public class DerivedFile extends AbstractFile {
    private final File local;

    DerivedFile(String name, Content parent, File local) {
        super(name, parent, local.length());
        this.local = local;
    }

    @Override
    public int read(byte[] buf, long offset, long len) throws TskCoreException {
        return readFrom(local, buf, offset, len);
    }
}
