package org.sleuthkit.datamodel;

/** The five ready-made scores. */
public class Score {
    public static final Score SCORE_NOTABLE = new Score("NOTABLE");
    public static final Score SCORE_LIKELY_NOTABLE = new Score("LIKELY_NOTABLE");
    public static final Score SCORE_LIKELY_NONE = new Score("LIKELY_NONE");
    public static final Score SCORE_NONE = new Score("NONE");
    public static final Score SCORE_UNKNOWN = new Score("UNKNOWN");

    private final String name;

    private Score(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
