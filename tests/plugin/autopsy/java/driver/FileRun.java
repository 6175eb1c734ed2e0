package driver;

import java.io.File;
import java.util.Properties;
import org.sleuthkit.autopsy.ingest.FileIngestModule;
import org.sleuthkit.autopsy.ingest.IngestJobExecutor;
import org.sleuthkit.autopsy.ingest.IngestModuleFactory;
import org.sleuthkit.datamodel.Content;
import org.sleuthkit.datamodel.LocalFile;
import org.sleuthkit.datamodel.LocalFilesDataSource;
import record.Ledger;

/** Gives files one after the other to one instance of the file ingest module. */
final class FileRun {
    private FileRun() {}

    static void run(IngestModuleFactory factory, Properties scenario) throws Exception {
        Content source = new LocalFilesDataSource("LogicalFileSet1");
        IngestJobExecutor job = new IngestJobExecutor(source, null);
        FileIngestModule module = factory.createFileIngestModule(Driver.settings(factory, scenario));
        module.startUp(job.context());
        for (String path : scenario.getProperty("paths").split("\\|")) {
            File file = new File(path);
            Ledger.write("result", "value", module.process(new LocalFile(file.getName(), source, file, null)));
        }
        module.shutDown();
        Ledger.write("shut down", "alive", Watch.alive());
    }
}
