package org.sleuthkit.datamodel;

/** Signatures only. */
public class TskData {
    public enum EncodingType { NONE, XOR1 }
}
