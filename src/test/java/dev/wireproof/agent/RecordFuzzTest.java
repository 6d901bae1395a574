package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.testkit.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the agent reads from its disk, however it was damaged: it is read, or refused with a reason. */
class RecordFuzzTest {
    private static final Instant NOW = Instant.parse("2026-11-25T10:00:00Z");

    @TempDir
    Path directory;

    @Test
    void no_record_of_commands_breaks_the_agent_other_than_by_saying_so() throws Exception {
        Path file = directory.resolve("commands.journal");
        Command command =
                Commands.with("sh", "one\n\ttwo", 60, List.of("a"), Map.of("K", "v"), null, 1000, NOW.plusSeconds(600));
        try (Ledger ledger = Ledger.open(file, NOW)) {
            ledger.accept(command, 77);
            ledger.starting(command.commandId(), NOW);
            ledger.started(command.commandId(), 99, 1234);
            ledger.finish(
                    new CommandResult(command.commandId(), Outcome.EXITED, 3, null, 1, 2, false, NOW, 5, "tab\there"),
                    NOW);
        }
        byte[] good = Files.readAllBytes(file);
        Mutations.of(List.of(good), 20, input -> {
            Files.write(file, input);
            try (Ledger ledger = Ledger.open(file, NOW)) {
                assertThat(ledger.highestCounter()).isIn(0L, 77L);
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        });
    }

    @Test
    void no_identity_file_breaks_the_agent_other_than_by_saying_so() throws Exception {
        Path file = directory.resolve("identity.properties");
        new Identity(ScriptedServer.AGENT, "key", 7, Map.of("k", "p")).store(file);
        byte[] good = Files.readAllBytes(file);
        Mutations.of(List.of(good), 4, input -> {
            Files.write(file, input);
            try {
                Identity.load(file);
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        });
    }
}
