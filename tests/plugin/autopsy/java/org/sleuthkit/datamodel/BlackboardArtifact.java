package org.sleuthkit.datamodel;

/** Signatures only. */
public abstract class BlackboardArtifact {
    public static final class Type {
        public static final Type TSK_VERIFICATION_FAILED = new Type("TSK_VERIFICATION_FAILED");
        public static final Type TSK_INTERESTING_ITEM = new Type("TSK_INTERESTING_ITEM");

        final String name;

        private Type(String name) {
            this.name = name;
        }
    }
}
