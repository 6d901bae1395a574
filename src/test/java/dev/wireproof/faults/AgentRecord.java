package dev.wireproof.faults;

import dev.wireproof.id.CommandId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An agent's own record of what it did, which no fault of the laboratory can take back: a line for each step, appended and fsynced before the
 * next step begins. What is not a line here did not happen. Safe for many threads.
 */
final class AgentRecord implements AutoCloseable {

    /** In the order in which a command goes through them. */
    enum Step {
        ACCEPTED,
        EXECUTED,
        /** With its exit code, or {@code interrupted}. */
        RESULT,
        CANCELLED,
        CONFIRMED
    }

    private final Path file;
    private final FileChannel out; // guarded by this
    private final Map<CommandId, Map<Step, String>> steps = new LinkedHashMap<>(); // guarded by this
    private final Map<CommandId, Integer> executions = new LinkedHashMap<>(); // guarded by this
    private UUID ledgerId = UUID.randomUUID();
    private @Nullable String identity;

    private AgentRecord(Path file) throws IOException {
        this.file = file;
        boolean known = Files.exists(file);
        if (known) {
            String text = Files.readString(file);
            text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(this::read);
        }
        out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        if (!known) {
            append("ledger", ledgerId.toString());
        }
    }

    /** A record that was there before is read again, as by a process that was killed. */
    static AgentRecord open(Path file) {
        try {
            return new AgentRecord(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(String line) {
        String[] cells = line.split("\t", -1);
        switch (cells[0]) {
            case "ledger" -> ledgerId = UUID.fromString(cells[1]);
            case "identity" -> identity = cells[1];
            default -> note(CommandId.parse(cells[1]), Step.valueOf(cells[0]), cells[2]);
        }
    }

    private void note(CommandId id, Step step, String what) {
        steps.computeIfAbsent(id, _ -> new EnumMap<>(Step.class)).put(step, what);
        if (step == Step.EXECUTED) {
            executions.merge(id, 1, Integer::sum);
        }
    }

    synchronized void add(CommandId id, Step step, String what) {
        append(step.name(), id.toString(), what);
        note(id, step, what);
    }

    private synchronized void append(String... cells) {
        try {
            out.write(ByteBuffer.wrap((String.join("\t", cells) + "\n").getBytes(StandardCharsets.UTF_8)));
            out.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    UUID ledgerId() {
        return ledgerId;
    }

    /** @return agent id and key, with a blank between; null before it was enrolled */
    synchronized @Nullable String identity() {
        return identity;
    }

    synchronized void enrolled(String idAndKey) {
        identity = idAndKey;
        append("identity", idAndKey);
    }

    /** How many commands it ever took. */
    synchronized long sequence() {
        return steps.size();
    }

    /** @return what was noted with that step; null: it never came so far */
    synchronized @Nullable String of(CommandId id, Step step) {
        return steps.getOrDefault(id, Map.of()).get(step);
    }

    synchronized boolean knows(CommandId id) {
        return steps.containsKey(id);
    }

    synchronized Set<CommandId> all() {
        return Set.copyOf(steps.keySet());
    }

    synchronized int executions(CommandId id) {
        return executions.getOrDefault(id, 0);
    }

    Path file() {
        return file;
    }

    @Override
    public synchronized void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
