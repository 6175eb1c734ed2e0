package org.sleuthkit.datamodel;

import java.util.List;

/** A carved file: its bytes are read from the data source, range by range. */
public class LayoutFile extends AbstractFile {
    private final List<TskFileRange> ranges;

    LayoutFile(String name, Content parent, long size, List<TskFileRange> ranges) {
        super(name, parent, size);
        this.ranges = ranges;
    }

    @Override
    public int read(byte[] buf, long offset, long len) throws TskCoreException {
        int done = 0;
        for (TskFileRange range : ranges) {
            if (offset < range.getByteLen() && done < len) {
                byte[] part = new byte[(int) Math.min(len - done, range.getByteLen() - offset)];
                int got = getDataSource().read(part, range.getByteStart() + offset, part.length);
                System.arraycopy(part, 0, buf, done, got);
                done += got;
                offset = 0;
            } else {
                offset -= range.getByteLen();
            }
        }
        return done;
    }
}
