package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The record of commands on disk: what makes "never twice" true past a restart. A step is on the disk before anything
 * is said or done because of it: accepted before the ack, starting before the process, finished before the result.
 *
 * <p>Lines of the journal, fields parted by tabs: {@code H ledger_id seq} · {@code A id forget_at seq Command} ·
 * {@code S id started_at} · {@code P id pid process_start} · {@code F id forget_at seq settled CommandResult} ·
 * {@code E id forget_at seq} · {@code R id} (settled) · {@code C counter} (of signed documents, the highest counts). Owned by the core's thread.
 */
final class Ledger implements AutoCloseable {
    static final Duration KEPT = Duration.ofDays(7);
    /** For a cancellation of a command that was never seen: as long as any command may live. */
    static final Duration LONGEST_LIFE = Duration.ofDays(30);

    static final int MAX_ENTRIES = 50_000;
    private static final long COMPACT_FROM = 4L * 1024 * 1024;

    /** A command that was started. @param pid -1 while not known */
    record Started(Instant startedAt, long pid, long processStart) {}

    private final Path file;
    private Journal journal;
    private UUID id = UUID.randomUUID();
    private long seq;
    private long highestCounter;
    private long compactedLength;
    private final Map<CommandId, LedgerEntry> entries = new LinkedHashMap<>();
    private final Map<CommandId, Started> running = new LinkedHashMap<>();

    private Ledger(Path file) throws IOException {
        this.file = file;
        Journal.Opened opened = Journal.open(file, this::replay);
        this.journal = opened.journal();
        if (opened.damaged()) {
            // Damage in the middle: some command may be missing, and only a new id tells the server so.
            id = UUID.randomUUID();
        }
    }

    static Ledger open(Path file, Instant now) throws IOException {
        Ledger ledger = new Ledger(file);
        ledger.compact(now);
        return ledger;
    }

    private void replay(String line, long offset) throws IOException {
        String[] fields = line.split("\t", 6);
        try {
            switch (fields[0]) {
                case "H" -> {
                    id = UUID.fromString(fields[1]);
                    seq = Long.parseLong(fields[2]);
                }
                case "A" -> replayed(fields, LedgerEntry.accepted(Long.parseLong(fields[2]), offset));
                case "S" -> {
                    CommandId command = CommandId.parse(fields[1]);
                    LedgerEntry before = entries.get(command);
                    if (before != null) {
                        entries.put(command, before.toStarting());
                        running.put(command, new Started(Instant.parse(fields[2]), -1, 0));
                    }
                }
                case "P" ->
                    running.computeIfPresent(
                            CommandId.parse(fields[1]),
                            (_, started) -> new Started(
                                    started.startedAt(), Long.parseLong(fields[2]), Long.parseLong(fields[3])));
                case "F" -> {
                    CommandResult result = result(fields[5]);
                    running.remove(result.commandId());
                    replayed(
                            fields,
                            LedgerEntry.finished(result, Long.parseLong(fields[2]), offset, fields[4].equals("1")));
                }
                case "E" -> replayed(fields, LedgerEntry.expired(Long.parseLong(fields[2])));
                case "C" -> highestCounter = Math.max(highestCounter, Long.parseLong(fields[1]));
                case "R" -> entries.computeIfPresent(CommandId.parse(fields[1]), (_, entry) -> entry.toSettled());
                default -> throw new IOException("the record of commands was written by a newer agent");
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException e) {
            throw new IOException("the record of commands has a line that makes no sense: " + e.getMessage(), e);
        }
    }

    private void replayed(String[] fields, LedgerEntry entry) {
        seq = Math.max(seq, Long.parseLong(fields[3]));
        entries.put(CommandId.parse(fields[1]), entry);
    }

    UUID id() {
        return id;
    }

    /** How many commands it ever recorded. */
    long seq() {
        return seq;
    }

    @Nullable
    LedgerEntry find(CommandId command) {
        return entries.get(command);
    }

    /** In the order they were recorded. */
    Map<CommandId, LedgerEntry> entries() {
        return entries;
    }

    /** The commands in state STARTING: right after opening, those that an earlier process of this agent left. */
    Map<CommandId, Started> running() {
        return running;
    }

    boolean isFull() {
        return entries.size() >= MAX_ENTRIES;
    }

    /** The highest counter of a signed document that was ever accepted; 0: none. */
    long highestCounter() {
        return highestCounter;
    }

    /** @param counter of the signed document; 0: it was not signed */
    void accept(Command command, long counter) throws IOException {
        if (counter > highestCounter) {
            journal.write("C\t" + counter); // on the disk with the line that follows it, at the latest
        }
        accept(command);
        highestCounter = Math.max(highestCounter, counter);
    }

    /** Once this returns, the command may be acknowledged. */
    void accept(Command command) throws IOException {
        long forgetAt = forgetAt(command.expiresAt());
        long offset = journal.append("A\t" + command.commandId() + "\t" + forgetAt + "\t" + (seq + 1) + "\t"
                + ServerMessageCodec.encode(command));
        seq++;
        entries.put(command.commandId(), LedgerEntry.accepted(forgetAt, offset));
    }

    /** The accepted command as the server sent it. */
    Command command(CommandId command) throws IOException {
        String[] fields = journal.read(offset(command)).split("\t", 5);
        if (ServerMessageCodec.decode(fields[4]) instanceof Decoded.Usable<ServerMessage>(Command read)) {
            return read;
        }
        throw new IOException("the record of commands does not hold command " + command);
    }

    /** Once this returns, the process may be started. */
    void starting(CommandId command, Instant at) throws IOException {
        journal.append("S\t" + command + "\t" + at);
        entries.computeIfPresent(command, (_, entry) -> entry.toStarting());
        running.put(command, new Started(at, -1, 0));
    }

    /** So that what a killed agent left behind can be found; worth no wait for the disk. */
    void started(CommandId command, long pid, long processStart) throws IOException {
        journal.write("P\t" + command + "\t" + pid + "\t" + processStart);
        running.computeIfPresent(command, (_, started) -> new Started(started.startedAt(), pid, processStart));
    }

    /** Once this returns, the result may be sent. */
    void finish(CommandResult result, Instant now) throws IOException {
        CommandId command = result.commandId();
        LedgerEntry before = entries.get(command);
        long forgetAt = before == null ? forgetAt(now.plus(LONGEST_LIFE)) : before.forgetAt();
        long number = before == null ? seq + 1 : seq;
        long offset = journal.append(finished(command, forgetAt, number, false, AgentMessageCodec.encode(result)));
        seq = number;
        running.remove(command);
        entries.put(command, LedgerEntry.finished(result, forgetAt, offset, false));
    }

    private static String finished(CommandId command, long forgetAt, long seq, boolean settled, String result) {
        return "F\t" + command + "\t" + forgetAt + "\t" + seq + "\t" + (settled ? "1" : "0") + "\t" + result;
    }

    /** As encoded. */
    String result(CommandId command) throws IOException {
        return journal.read(offset(command)).split("\t", 6)[5];
    }

    /** It waited past its time and is never started. */
    void expire(CommandId command) throws IOException {
        LedgerEntry before = entries.get(command);
        if (before != null) {
            journal.append("E\t" + command + "\t" + before.forgetAt() + "\t" + seq);
            entries.put(command, LedgerEntry.expired(before.forgetAt()));
        }
    }

    /** The server has the result or does not want it. Lost by a crash, it is only sent once more. */
    void settle(CommandId command) throws IOException {
        journal.write("R\t" + command);
        entries.computeIfPresent(command, (_, entry) -> entry.toSettled());
    }

    /** Rewrites the file when most of it is history. */
    void compactIfWorthIt(Instant now) throws IOException {
        if (journal.length() > COMPACT_FROM && journal.length() > 2 * compactedLength) {
            compact(now);
        }
    }

    private void compact(Instant now) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Map<CommandId, LedgerEntry> kept = new LinkedHashMap<>();
        Journal compacted = Journal.open(fresh, (_, _) -> {}).journal();
        try {
            compacted.write("H\t" + id + "\t" + seq);
            if (highestCounter > 0) {
                compacted.write("C\t" + highestCounter);
            }
            for (Map.Entry<CommandId, LedgerEntry> entry : entries.entrySet()) {
                LedgerEntry copy = copied(entry.getKey(), entry.getValue(), now, compacted);
                if (copy != null) {
                    kept.put(entry.getKey(), copy);
                }
            }
            compacted.sync();
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | RuntimeException e) {
            compacted.close();
            throw e;
        }
        // From the rename on, the old file has no name: nothing may be written to it any more, whatever happens next.
        journal.close();
        journal = compacted;
        compactedLength = compacted.length();
        entries.clear();
        entries.putAll(kept);
        Home.syncDirectory(file);
    }

    private @Nullable LedgerEntry copied(CommandId command, LedgerEntry entry, Instant now, Journal to)
            throws IOException {
        if (!entry.isOpen() && entry.forgetAt() < now.getEpochSecond()) {
            return null;
        }
        long offset = entry.offset() < 0 ? -1 : to.length();
        switch (entry.state()) {
            case ACCEPTED -> to.write(journal.read(entry.offset()));
            case STARTING -> {
                to.write(journal.read(entry.offset()));
                Started started = running.get(command);
                to.write("S\t" + command + "\t" + (started == null ? now : started.startedAt()));
                if (started != null && started.pid() > 0) {
                    to.write("P\t" + command + "\t" + started.pid() + "\t" + started.processStart());
                }
            }
            case FINISHED -> to.write(finished(command, entry.forgetAt(), seq, entry.settled(), result(command)));
            case EXPIRED -> to.write("E\t" + command + "\t" + entry.forgetAt() + "\t" + seq);
        }
        return entry.at(offset);
    }

    private long offset(CommandId command) throws IOException {
        LedgerEntry entry = entries.get(command);
        if (entry == null || entry.offset() < 0) {
            throw new IOException("the record of commands does not hold command " + command);
        }
        return entry.offset();
    }

    private static long forgetAt(Instant expiresAt) {
        return expiresAt.plus(KEPT).getEpochSecond();
    }

    private static CommandResult result(String text) throws IOException {
        if (AgentMessageCodec.decode(text) instanceof Decoded.Usable<AgentMessage>(CommandResult result)) {
            return result;
        }
        throw new IOException("a result in the record of commands cannot be read");
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
