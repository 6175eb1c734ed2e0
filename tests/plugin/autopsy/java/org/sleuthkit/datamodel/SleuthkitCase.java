package org.sleuthkit.datamodel;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import record.Ledger;

/** A case database that only takes note; digests are of the bytes that Autopsy would show. */
public class SleuthkitCase {
    private final Blackboard blackboard = new Blackboard();

    public Blackboard getBlackboard() {
        return blackboard;
    }

    public final List<LayoutFile> addCarvedFiles(CarvingResult carvingResult) throws TskCoreException {
        List<LayoutFile> added = new ArrayList<>();
        for (CarvingResult.CarvedFile carved : carvingResult.carvedFiles) {
            List<Long> runs = new ArrayList<>();
            for (TskFileRange range : carved.layoutInParent) {
                runs.add(range.getByteStart());
                runs.add(range.getByteLen());
            }
            LayoutFile file =
                    new LayoutFile(carved.name, carvingResult.parent, carved.sizeInBytes, carved.layoutInParent);
            Ledger.write("carved_file", "name", carved.name, "id", file.getId(), "runs", runs, "sha256", digest(file));
            added.add(file);
        }
        return added;
    }

    /** What FileManager calls; The Sleuth Kit's own has the times as well. */
    public DerivedFile addDerivedFile(
            String name,
            File local,
            long size,
            Content parent,
            String toolName,
            String toolVersion,
            TskData.EncodingType encodingType)
            throws TskCoreException {
        DerivedFile file = new DerivedFile(name, parent, local);
        Ledger.write(
                "derived_file", "name", name, "id", file.getId(), "parent", parent.getName(), "parent_id",
                parent.getId(), "tool", toolName + " " + toolVersion, "sha256", digest(file));
        return file;
    }

    private static String digest(AbstractFile file) throws TskCoreException {
        byte[] data = new byte[(int) file.getSize()];
        if (file.read(data, 0, data.length) != data.length) {
            throw new TskCoreException("short read of " + file.getName());
        }
        return Ledger.sha256(data);
    }
}
