package driver;

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
        SEEN.removeIf(process -> !process.isAlive());
        return count;
    }

    /** Those of them that still run when all have had five seconds to end. */
    static List<Long> alive() throws InterruptedException {
        long deadline = System.currentTimeMillis() + 5000;
        while (SEEN.stream().anyMatch(ProcessHandle::isAlive) && System.currentTimeMillis() < deadline) {
            Thread.sleep(20);
        }
        return SEEN.stream().filter(ProcessHandle::isAlive).map(ProcessHandle::pid).toList();
    }
}
