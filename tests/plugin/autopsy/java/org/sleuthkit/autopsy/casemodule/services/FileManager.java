package org.sleuthkit.autopsy.casemodule.services;

import java.io.File;
import java.util.List;
import org.sleuthkit.autopsy.casemodule.Case;
import org.sleuthkit.datamodel.CarvingResult;
import org.sleuthkit.datamodel.Content;
import org.sleuthkit.datamodel.DerivedFile;
import org.sleuthkit.datamodel.LayoutFile;
import org.sleuthkit.datamodel.SleuthkitCase;
import org.sleuthkit.datamodel.TskCoreException;
import org.sleuthkit.datamodel.TskData;

/** Signatures; a derived file must be a file of the case folder, by a relative path. */
public class FileManager {
    private final SleuthkitCase database;

    FileManager(SleuthkitCase database) {
        this.database = database;
    }

    public List<LayoutFile> addCarvedFiles(CarvingResult carvingResult) throws TskCoreException {
        return database.addCarvedFiles(carvingResult);
    }

    public DerivedFile addDerivedFile(
            String fileName,
            String localPath,
            long size,
            long ctime,
            long crtime,
            long atime,
            long mtime,
            boolean isFile,
            Content parentObj,
            String rederiveDetails,
            String toolName,
            String toolVersion,
            String otherDetails,
            TskData.EncodingType encodingType)
            throws TskCoreException {
        File file = new File(Case.getCurrentCase().getCaseDirectory(), localPath);
        if (new File(localPath).isAbsolute() || file.length() != size) {
            throw new TskCoreException("not a file of the case of " + size + " bytes: " + localPath);
        }
        return database.addDerivedFile(fileName, file, size, parentObj, toolName, toolVersion, encodingType);
    }
}
