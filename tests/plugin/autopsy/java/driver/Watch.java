package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps account of every process that this one starts, and theirs: an orphan is no descendant any more. */
final class Watch {
    private static final Set<ProcessHandle> SEEN = ConcurrentHashMap.newKeySet();

    private Watch() {}

    /** Begin to look, ten times a second. */
    static void begin() {
        Thread thread =
                new Thread(
                        () -> {
                            while (true) {
                                ProcessHandle.current().descendants().forEach(SEEN::add);
                                try {
                                    Thread.sleep(100);
                                } catch (InterruptedException interrupt) {
                                    return;
                                }
                            }
                        });
        thread.setDaemon(true);
        thread.start();
    }

    /** How many processes have been seen since the last call. */
    static int count() {
        int count = SEEN.size();
        SEEN.removeIf(process -> !runs(process));
        return count;
    }

    /** Whether a process runs; one that has ended and waits to be collected does not. */
    private static boolean runs(ProcessHandle process) {
        try {
            String status = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            return process.isAlive() && !status.substring(status.lastIndexOf(')') + 2).startsWith("Z");
        } catch (IOException gone) {
            return false;
        }
    }

    /** Those of them that still run when all have had five seconds to end. */
    static List<Long> alive() throws InterruptedException {
        long deadline = System.currentTimeMillis() + 5000;
        while (SEEN.stream().anyMatch(Watch::runs) && System.currentTimeMillis() < deadline) {
            Thread.sleep(20);
        }
        return SEEN.stream().filter(Watch::runs).map(ProcessHandle::pid).toList();
    }
}
