package org.sleuthkit.datamodel;

/** Signatures only. */
public abstract class AbstractFile extends AbstractContent {
    private final long size;

    AbstractFile(String name, Content parent, long size) {
        super(name, parent);
        this.size = size;
    }

    @Override
    public long getSize() {
        return size;
    }

    public String getNameExtension() {
        int dot = getName().lastIndexOf('.');
        return dot < 0 ? "" : getName().substring(dot + 1).toLowerCase();
    }

    public String getMIMEType() {
        return null;
    }

    public boolean isFile() {
        return true;
    }
}
