package driver;

import java.io.File;
import java.io.FileReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import org.python.util.PythonInterpreter;
import org.sleuthkit.autopsy.ingest.IngestModuleFactory;

/**
 * Finds and makes ingest module factories by the steps of Autopsy's loader: scripts of each sub-folder are read as
 * text, and a line that begins with "class " and names a factory is taken for one.
 */
final class ModuleLoader {
    private ModuleLoader() {}

    static List<IngestModuleFactory> load(File pythonModules) throws IOException {
        List<IngestModuleFactory> factories = new ArrayList<>();
        PythonInterpreter interpreter = new PythonInterpreter();
        for (File folder : pythonModules.listFiles(File::isDirectory)) {
            for (File script : folder.listFiles((parent, name) -> name.endsWith(".py"))) {
                try (Scanner lines = new Scanner(new FileReader(script))) {
                    while (lines.hasNextLine()) {
                        String line = lines.nextLine();
                        if (line.startsWith("class ") && line.contains("IngestModuleFactory")) {
                            factories.add(make(interpreter, script, line.substring(6, line.indexOf('('))));
                        }
                    }
                }
            }
        }
        return factories;
    }

    private static IngestModuleFactory make(PythonInterpreter interpreter, File script, String className) {
        String module = script.getName().replaceAll("\\.py$", "");
        interpreter.exec("import sys");
        interpreter.exec("sys.path.append('" + script.getParent() + "')");
        interpreter.exec("import " + module);
        interpreter.exec("reload(" + module + ")");
        interpreter.exec("from " + module + " import " + className);
        interpreter.exec("obj = " + className + "()");
        IngestModuleFactory factory = interpreter.get("obj", IngestModuleFactory.class);
        interpreter.exec("sys.path.remove('" + script.getParent() + "')");
        return factory;
    }
}
