package org.sleuthkit.datamodel;

/** Signatures, with the overloads that a wrong type would pick. */
public class BlackboardAttribute {
    final Type type;
    final Object value;

    public BlackboardAttribute(Type attributeType, String source, int value) {
        this(attributeType, (Object) value);
    }

    public BlackboardAttribute(Type attributeType, String source, long value) {
        this(attributeType, (Object) value);
    }

    public BlackboardAttribute(Type attributeType, String source, double value) {
        this(attributeType, (Object) value);
    }

    public BlackboardAttribute(Type attributeType, String source, String value) {
        this(attributeType, (Object) value);
    }

    public BlackboardAttribute(Type attributeType, String source, byte[] value) {
        this(attributeType, (Object) value);
    }

    private BlackboardAttribute(Type type, Object value) {
        this.type = type;
        this.value = value;
    }

    public static final class Type {
        public static final Type TSK_SET_NAME = new Type("TSK_SET_NAME");
        public static final Type TSK_COMMENT = new Type("TSK_COMMENT");

        final String name;

        private Type(String name) {
            this.name = name;
        }
    }
}
