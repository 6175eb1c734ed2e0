package org.sleuthkit.datamodel;

import java.util.List;

/** Signatures; what it holds is for its package only, as in The Sleuth Kit. */
public final class CarvingResult {
    final Content parent;
    final List<CarvedFile> carvedFiles;

    public CarvingResult(Content parent, List<CarvedFile> carvedFiles) {
        this.parent = parent;
        this.carvedFiles = carvedFiles;
    }

    public static final class CarvedFile {
        final String name;
        final long sizeInBytes;
        final List<TskFileRange> layoutInParent;

        public CarvedFile(String name, long sizeInBytes, List<TskFileRange> layoutInParent) {
            this.name = name;
            this.sizeInBytes = sizeInBytes;
            this.layoutInParent = layoutInParent;
        }
    }
}
