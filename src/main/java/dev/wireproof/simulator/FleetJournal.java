package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.WireTime;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a fleet remembers between two runs: one text file under {@code --home}, one tab-separated line for each change, the last one
 * counts. Every line is handed to the kernel before the agent answers, so a killed simulator forgets nothing; a machine that loses its
 * power may. Without a home it remembers nothing. Safe for many threads.
 */
final class FleetJournal implements SimulatedAgent.IdentityListener, AutoCloseable {
    private static final String FILE = "fleet.journal";
    private static final String NONE = "-";

    private final @Nullable OutputStream out; // guarded by this
    private final @Nullable String enrollmentToken;
    private final Map<String, String[]> identities = new HashMap<>();
    private final Map<String, Map<String, String[]>> commands = new HashMap<>();
    private String prefix = UUID.randomUUID().toString();

    private FleetJournal(@Nullable Path home, @Nullable String enrollmentToken) throws IOException {
        this.enrollmentToken = enrollmentToken;
        if (home == null) {
            this.out = null;
            return;
        }
        Files.createDirectories(home);
        Path file = home.resolve(FILE);
        if (Files.exists(file)) {
            read(Files.readString(file, StandardCharsets.UTF_8));
        }
        this.out = new BufferedOutputStream(
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        write("prefix", prefix);
    }

    /** @throws UncheckedIOException when the home cannot be read or written */
    static FleetJournal open(@Nullable Path home, @Nullable String enrollmentToken) {
        try {
            return new FleetJournal(home, enrollmentToken);
        } catch (IOException e) {
            throw new UncheckedIOException("--home " + home + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** A line that a kill cut short has no end and is left out. */
    private void read(String text) {
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        whole.lines().map(line -> line.split("\t", -1)).forEach(cells -> {
            switch (cells[0]) {
                case "prefix" -> prefix = cells[1];
                case "agent" -> identities.put(cells[1], cells);
                case "command" ->
                    commands.computeIfAbsent(cells[1], _ -> new LinkedHashMap<>())
                            .put(cells[2], cells);
                default -> throw new IllegalArgumentException(FILE + " has a line of an unknown kind: " + cells[0]);
            }
        });
    }

    /** Who the agent of this name was, or a new one. For each name once. */
    Identity identity(String name) {
        String[] saved = identities.get(name);
        UUID ledgerId = saved == null ? UUID.randomUUID() : UUID.fromString(saved[2]);
        SimulatedLedger ledger = new SimulatedLedger(
                ledgerId, out == null ? SimulatedLedger.Listener.NONE : (id, entry) -> command(name, id, entry));
        Identity identity = new Identity(name, prefix + "-" + name, enrollmentToken, ledger);
        if (saved != null) {
            identity.known(AgentId.parse(saved[3]), saved[4], Long.valueOf(saved[5]));
            commands.getOrDefault(name, Map.of()).values().forEach(cells -> restore(ledger, cells));
            ledger.interruptUnfinished();
        }
        return identity;
    }

    private static void restore(SimulatedLedger ledger, String[] cells) {
        CommandId id = CommandId.parse(cells[2]);
        SimulatedLedger.Entry entry =
                new SimulatedLedger.Entry(WireTime.parse(cells[3]), LedgerStatus.valueOf(cells[4]));
        if (!cells[5].equals(NONE)) {
            entry.outcome = Outcome.valueOf(cells[5]);
            entry.exitCode = cells[6].equals(NONE) ? null : Integer.valueOf(cells[6]);
            if (Boolean.parseBoolean(cells[7])) {
                entry.unconfirmed = new CommandResult(
                        id, entry.outcome, entry.exitCode, null, Long.parseLong(cells[8]), 0, false, null, 0, null);
            }
        }
        ledger.restore(id, entry);
    }

    private void command(String name, CommandId id, SimulatedLedger.Entry entry) {
        write(
                "command",
                name,
                id.toString(),
                WireTime.format(entry.keepUntil),
                entry.status.name(),
                entry.outcome == null ? NONE : entry.outcome.name(),
                entry.exitCode == null ? NONE : entry.exitCode.toString(),
                String.valueOf(entry.unconfirmed != null),
                entry.unconfirmed == null ? "0" : String.valueOf(entry.unconfirmed.stdoutBytes()));
    }

    @Override
    public void changed(Identity identity) {
        AgentId id = identity.agentId();
        String key = identity.agentKey();
        Long epoch = identity.lastEpoch();
        if (id != null && key != null && epoch != null) {
            write("agent", identity.name, identity.ledger.ledgerId().toString(), id.toString(), key, epoch.toString());
        }
    }

    private synchronized void write(String... cells) {
        if (out == null) {
            return;
        }
        try {
            out.write((String.join("\t", cells) + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the fleet's journal cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized void close() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
