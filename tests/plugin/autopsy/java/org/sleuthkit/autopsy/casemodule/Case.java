package org.sleuthkit.autopsy.casemodule;

import java.io.File;
import org.sleuthkit.autopsy.casemodule.services.Services;
import org.sleuthkit.datamodel.SleuthkitCase;
import org.sleuthkit.datamodel.TskCoreException;
import record.Ledger;

/** A case that is a folder; takes note of reports. */
public class Case {
    private static Case current;
    private final File folder;
    private final SleuthkitCase database = new SleuthkitCase();
    private final Services services = new Services(database);

    /** Open a case in a folder and make it the current one. */
    public Case(File folder) {
        this.folder = folder;
        new File(getModuleDirectory()).mkdirs();
        new File(getTempDirectory()).mkdirs();
        current = this;
    }

    @Deprecated
    public static Case getCurrentCase() {
        return current;
    }

    public static Case getCurrentCaseThrows() throws NoCurrentCaseException {
        return current;
    }

    public String getCaseDirectory() {
        return folder.getPath();
    }

    public String getModuleDirectory() {
        return new File(folder, "ModuleOutput").getPath();
    }

    public String getTempDirectory() {
        return new File(folder, "Temp").getPath();
    }

    public String getNumber() {
        return "2026-17";
    }

    public String getExaminer() {
        return "E. Xaminer";
    }

    public Services getServices() {
        return services;
    }

    public SleuthkitCase getSleuthkitCase() {
        return database;
    }

    public void addReport(String localPath, String srcModuleName, String reportName) throws TskCoreException {
        if (!localPath.startsWith(getCaseDirectory()) || !new File(localPath).isFile()) {
            throw new TskCoreException("not a file of the case: " + localPath);
        }
        Ledger.write("report", "path", localPath, "module", srcModuleName, "name", reportName);
    }
}
