package org.sleuthkit.datamodel;

import java.io.File;

/** A disk image. */
public class Image extends AbstractContent {
    private final String[] paths;
    private final File media;

    /** An image of some segments, whose media (what is inside an E01) the file {@code media} holds. */
    public Image(String[] paths, File media) {
        super(new File(paths[0]).getName(), null);
        this.paths = paths;
        this.media = media;
    }

    public String[] getPaths() {
        return paths;
    }

    @Override
    public long getSize() {
        return media.length();
    }

    @Override
    public int read(byte[] buf, long offset, long len) throws TskCoreException {
        return readFrom(media, buf, offset, len);
    }
}
