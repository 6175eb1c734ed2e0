package org.sleuthkit.autopsy.coreutils;

import java.util.logging.Level;
import record.Ledger;

/** Signatures; takes note. */
public final class Logger extends java.util.logging.Logger {
    private Logger(String name) {
        super(name, null);
    }

    public static Logger getLogger(String name) {
        return new Logger(name);
    }

    @Override
    public void log(Level level, String message) {
        Ledger.write("log", "level", level, "text", message);
    }

    @Override
    public void log(Level level, String message, Throwable error) {
        Ledger.write("log", "level", level, "text", message + ": " + error);
    }
}
