package org.sleuthkit.datamodel;

/** A data source that is no image. */
public class LocalFilesDataSource extends AbstractContent {
    public LocalFilesDataSource(String name) {
        super(name, null);
    }

    @Override
    public long getSize() {
        return 0;
    }

    @Override
    public int read(byte[] buf, long offset, long len) {
        return 0;
    }
}
