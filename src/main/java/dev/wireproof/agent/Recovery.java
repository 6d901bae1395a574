package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Takes up what an earlier process of this agent left, however it ended: what waited runs, what ran is ended and told as
 * interrupted, what had ended is told again.
 */
final class Recovery {
    private final Home home;
    private final Ledger ledger;
    private final Deliveries deliveries;
    private final CommandRoom room;
    private final InstantSource clock;
    private final AgentLog log;

    Recovery(Home home, Ledger ledger, Deliveries deliveries, CommandRoom room, InstantSource clock, AgentLog log) {
        this.home = home;
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.room = room;
        this.clock = clock;
        this.log = log;
    }

    /** Once, on the core's thread, before anything else. */
    void run() throws IOException, InterruptedException {
        for (Map.Entry<CommandId, Ledger.Started> left :
                List.copyOf(ledger.running().entrySet())) {
            interrupt(left.getKey(), left.getValue());
        }
        for (Map.Entry<CommandId, LedgerEntry> entry :
                List.copyOf(ledger.entries().entrySet())) {
            switch (entry.getValue().state()) {
                // Its start was never recorded, so it never ran.
                case ACCEPTED -> room.takeUp(entry.getKey());
                case FINISHED -> {
                    if (!entry.getValue().settled() && deliveries.find(entry.getKey()) == null) {
                        room.deliverRecorded(entry.getKey());
                    }
                }
                case STARTING, EXPIRED -> {}
            }
        }
        empty(home.scriptDirectory(), _ -> true);
        empty(
                home.outputDirectory(),
                file -> deliveries.all().stream()
                        .noneMatch(open -> file.startsWith(open.commandId().toString())));
    }

    private void interrupt(CommandId id, Ledger.Started left) throws IOException, InterruptedException {
        ProcessHandle process = ProcessHandle.of(left.pid())
                .filter(one ->
                        one.info().startInstant().map(Instant::toEpochMilli).equals(Optional.of(left.processStart())))
                .orElse(null);
        new ProcessTree(id).endAtOnce(process);
        OutputSpool output = OutputSpool.reopen(id, home.outputDirectory());
        Duration since = Duration.between(left.startedAt(), clock.instant());
        log.warn("command.interrupted", "command", id);
        room.ended(new CommandResult(
                id,
                Outcome.INTERRUPTED,
                null,
                null,
                output.stdoutBytes(),
                output.stderrBytes(),
                true,
                left.startedAt(),
                Math.max(0, since.toMillis()),
                "the agent ended while it ran; what was left of it was ended, its later output is lost"));
    }

    private static void empty(Path directory, Predicate<String> garbage) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (garbage.test(String.valueOf(file.getFileName()))) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
