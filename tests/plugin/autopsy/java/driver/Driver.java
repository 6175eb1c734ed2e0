package driver;

import java.io.File;
import java.io.FileReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Properties;
import org.sleuthkit.autopsy.casemodule.Case;
import org.sleuthkit.autopsy.ingest.DataSourceIngestModule;
import org.sleuthkit.autopsy.ingest.GenericIngestModuleJobSettings;
import org.sleuthkit.autopsy.ingest.IngestJobExecutor;
import org.sleuthkit.autopsy.ingest.IngestModule;
import org.sleuthkit.autopsy.ingest.IngestModuleFactory;
import org.sleuthkit.datamodel.Content;
import org.sleuthkit.datamodel.Image;
import org.sleuthkit.datamodel.LocalFilesDataSource;
import record.Ledger;

/**
 * Runs scenarios, each a Properties file NAME.properties in a folder, and writes what happened to NAME.json beside it.
 *
 * <p>Arguments: the folder of Python modules, the folder of scenarios.
 */
public final class Driver {
    private Driver() {}

    public static void main(String[] arguments) throws Exception {
        Watch.begin();
        List<IngestModuleFactory> factories = ModuleLoader.load(new File(arguments[0]));
        File folder = new File(arguments[1]);
        for (IngestModuleFactory factory : factories) {
            Ledger.write(
                    "factory", "name", factory.getModuleDisplayName(), "description", factory.getModuleDescription(),
                    "version", factory.getModuleVersionNumber(), "data_source",
                    factory.isDataSourceIngestModuleFactory(), "file", factory.isFileIngestModuleFactory(), "panel",
                    factory.hasIngestJobSettingsPanel());
        }
        save(folder, "factories");
        File[] scenarios = folder.listFiles((parent, name) -> name.endsWith(".properties"));
        for (File scenario : scenarios) {
            String name = scenario.getName().replace(".properties", "");
            try {
                run(factories, read(scenario), new File(folder, name + ".case"));
            } catch (IngestModule.IngestModuleException refusal) {
                Ledger.write("refused", "text", refusal.getMessage());
            } catch (RuntimeException failure) {
                Ledger.write("exception", "text", failure);
            }
            save(folder, name);
        }
        System.exit(0);
    }

    private static void run(List<IngestModuleFactory> factories, Properties scenario, File caseFolder)
            throws Exception {
        new Case(caseFolder);
        switch (scenario.getProperty("kind")) {
            case "data source" -> runDataSource(factories, scenario);
            case "file" -> FileRun.run(find(factories, false), scenario);
            case "panel" -> PanelRun.run(factories, scenario);
            default -> throw new IllegalArgumentException(scenario.getProperty("kind"));
        }
    }

    private static void runDataSource(List<IngestModuleFactory> factories, Properties scenario) throws Exception {
        IngestModuleFactory factory = find(factories, true);
        String path = scenario.getProperty("path");
        Content source =
                path == null
                        ? new LocalFilesDataSource("LogicalFileSet1")
                        : new Image(path.split("\\|"), new File(scenario.getProperty("media", path.split("\\|")[0])));
        IngestJobExecutor job = new IngestJobExecutor(source, scenario.getProperty("cancel when"));
        DataSourceIngestModule module = factory.createDataSourceIngestModule(settings(factory, scenario));
        module.startUp(job.context());
        IngestModule.ProcessResult result = module.process(source, job.progressBar());
        List<Long> alive = Watch.alive();
        long ended = System.currentTimeMillis();
        Ledger.write("result", "value", result, "alive", alive, "processes", Watch.count());
        if (job.cancelledAt() != 0) {
            Ledger.write("cancelled", "milliseconds", ended - job.cancelledAt());
        }
        module.shutDown();
    }

    static IngestModuleFactory find(List<IngestModuleFactory> factories, boolean ofDataSources) {
        return factories.stream()
                .filter(one -> ofDataSources ? one.isDataSourceIngestModuleFactory() : one.isFileIngestModuleFactory())
                .findFirst()
                .orElseThrow();
    }

    /** The module's default settings with those of the scenario, which begin with "set.". */
    static GenericIngestModuleJobSettings settings(IngestModuleFactory factory, Properties scenario) {
        GenericIngestModuleJobSettings settings =
                (GenericIngestModuleJobSettings) factory.getDefaultIngestJobSettings();
        for (String name : scenario.stringPropertyNames()) {
            if (name.startsWith("set.")) {
                settings.setSetting(name.substring(4), scenario.getProperty(name));
            }
        }
        return settings;
    }

    private static Properties read(File file) throws IOException {
        Properties scenario = new Properties();
        try (Reader reader = new FileReader(file, StandardCharsets.UTF_8)) {
            scenario.load(reader);
        }
        return scenario;
    }

    private static void save(File folder, String name) throws IOException {
        Files.writeString(new File(folder, name + ".json").toPath(), Ledger.take());
    }
}
