package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one command started. Children of children are found by their parents; those whose parent is gone, by a
 * mark that every process of the command inherits in its environment (Linux; elsewhere they are not found). A process
 * that clears its environment and leaves its parent escapes.
 */
final class ProcessTree {
    /** In the environment of the command: tells its processes from all others. */
    static final String MARK = "WIREPROOF_COMMAND_ID";

    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int ROUNDS = 50;
    private static final int MAX_ENVIRONMENT = 1024 * 1024;

    private final CommandId commandId;

    ProcessTree(CommandId commandId) {
        this.commandId = commandId;
    }

    /**
     * Asks all to end, then ends them; returns when none is found any more, or after some rounds against one that
     * multiplies faster.
     *
     * @param root null when it is not known any more
     */
    void end(@Nullable ProcessHandle root) throws InterruptedException {
        Map<Long, ProcessHandle> all = members(root);
        all.values().forEach(ProcessHandle::destroy);
        long patience = System.nanoTime() + GRACE.toNanos();
        while (System.nanoTime() < patience && all.values().stream().anyMatch(ProcessHandle::isAlive)) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        endForcibly(all, root);
    }

    /** As {@link #end}, without asking. */
    void endAtOnce(@Nullable ProcessHandle root) throws InterruptedException {
        endForcibly(new HashMap<>(), root);
    }

    private void endForcibly(Map<Long, ProcessHandle> all, @Nullable ProcessHandle root) throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            all.putAll(members(root));
            all.values().removeIf(one -> !one.isAlive());
            if (all.isEmpty()) {
                return;
            }
            all.values().forEach(ProcessHandle::destroyForcibly);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private Map<Long, ProcessHandle> members(@Nullable ProcessHandle root) {
        Map<Long, ProcessHandle> members = new HashMap<>();
        if (root != null) {
            members.put(root.pid(), root);
            root.descendants().forEach(one -> members.put(one.pid(), one));
        }
        marked(members);
        members.remove(ProcessHandle.current().pid());
        return members;
    }

    private void marked(Map<Long, ProcessHandle> members) {
        byte[] mark = (MARK + "=" + commandId).getBytes(StandardCharsets.US_ASCII);
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(String.valueOf(process.getFileName()));
                if (!members.containsKey(pid) && contains(environment(process), mark)) {
                    ProcessHandle.of(pid).ifPresent(handle -> members.put(pid, handle));
                }
            }
        } catch (IOException | NumberFormatException e) {
            // No /proc: the parents' view must do.
        }
    }

    private static byte[] environment(Path process) {
        try (var in = Files.newInputStream(process.resolve("environ"))) {
            return in.readNBytes(MAX_ENVIRONMENT);
        } catch (IOException e) {
            return new byte[0]; // Gone meanwhile, or another user's: then not ours.
        }
    }

    private static boolean contains(byte[] bytes, byte[] part) {
        for (int start = 0; start + part.length <= bytes.length; start++) {
            boolean atName = start == 0 || bytes[start - 1] == 0;
            if (atName && Arrays.equals(bytes, start, start + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }
}
