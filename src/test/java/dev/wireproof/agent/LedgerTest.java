package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.ServerMessage.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    private static final Instant NOW = Instant.parse("2026-11-25T10:00:00Z");

    @TempDir
    Path directory;

    private Ledger open() throws IOException {
        return Ledger.open(file(), NOW);
    }

    private Path file() {
        return directory.resolve("commands.journal");
    }

    private static Command command(String script) {
        return Commands.with("sh", script, 60, List.of(), Map.of(), null, 1000, NOW.plusSeconds(600));
    }

    private static CommandResult result(Command command, Outcome outcome) {
        return new CommandResult(command.commandId(), outcome, 3, null, 1, 2, false, NOW, 5, "tab\there");
    }

    @Test
    void every_step_survives_a_restart() throws Exception {
        Command accepted = command("one\n\ttwo");
        Command started = command("x");
        Command finished = command("x");
        Command settled = command("x");
        Command expired = command("x");
        UUID id;
        try (Ledger ledger = open()) {
            id = ledger.id();
            for (Command one : List.of(accepted, started, finished, settled, expired)) {
                ledger.accept(one);
            }
            ledger.starting(started.commandId(), NOW);
            ledger.started(started.commandId(), 99, 1234);
            ledger.starting(finished.commandId(), NOW);
            ledger.finish(result(finished, Outcome.EXITED), NOW);
            ledger.finish(result(settled, Outcome.CANCELLED), NOW);
            ledger.settle(settled.commandId());
            ledger.expire(expired.commandId());
        }
        // Twice: the second time what the first one compacted is read.
        for (int i = 0; i < 2; i++) {
            try (Ledger ledger = open()) {
                assertThat(ledger.id()).isEqualTo(id);
                assertThat(ledger.seq()).isEqualTo(5);
                assertThat(state(ledger, accepted)).isEqualTo(LedgerEntry.State.ACCEPTED);
                assertThat(ledger.command(accepted.commandId())).isEqualTo(accepted);
                assertThat(ledger.running())
                        .containsExactly(Map.entry(started.commandId(), new Ledger.Started(NOW, 99, 1234)));
                assertThat(ledger.result(finished.commandId()))
                        .isEqualTo(AgentMessageCodec.encode(result(finished, Outcome.EXITED)));
                assertThat(entry(ledger, finished).settled()).isFalse();
                assertThat(entry(ledger, finished).exitCode()).isEqualTo(3);
                assertThat(entry(ledger, settled).settled()).isTrue();
                assertThat(state(ledger, expired)).isEqualTo(LedgerEntry.State.EXPIRED);
            }
        }
    }

    private static LedgerEntry.State state(Ledger ledger, Command command) {
        return entry(ledger, command).state();
    }

    private static LedgerEntry entry(Ledger ledger, Command command) {
        LedgerEntry entry = ledger.find(command.commandId());
        assertThat(entry).isNotNull();
        return entry;
    }

    /** As a kill at any instant of writing leaves it. */
    @Test
    void wherever_the_file_ends_what_was_recorded_before_is_there_and_the_identity_stays() throws Exception {
        Command first = command("first");
        Command second = command("second");
        UUID id;
        long firstRecorded;
        try (Ledger ledger = open()) {
            id = ledger.id();
            ledger.accept(first);
            firstRecorded = Files.size(file());
            ledger.accept(second);
        }
        byte[] whole = Files.readAllBytes(file());
        // A prime step from the far end: each run sees the whole file, and many places within the last line.
        for (int length = whole.length; length >= firstRecorded; length -= 31) {
            Files.write(file(), Arrays.copyOf(whole, length));
            try (Ledger ledger = open()) {
                assertThat(ledger.id()).isEqualTo(id);
                assertThat(state(ledger, first)).isEqualTo(LedgerEntry.State.ACCEPTED);
                assertThat(ledger.find(second.commandId()) != null).isEqualTo(length == whole.length);
            }
        }
    }

    @Test
    void damage_in_the_middle_keeps_what_can_be_read_under_a_new_identity() throws Exception {
        Command first = command("first");
        Command second = command("second");
        UUID id;
        try (Ledger ledger = open()) {
            id = ledger.id();
            ledger.accept(first);
            ledger.accept(second);
        }
        byte[] bytes = Files.readAllBytes(file());
        int inFirst = new String(bytes, StandardCharsets.UTF_8).indexOf("\"first\"");
        bytes[inFirst + 2] ^= 1;
        Files.write(file(), bytes);
        try (Ledger ledger = open()) {
            assertThat(ledger.id()).isNotEqualTo(id);
            assertThat(ledger.find(first.commandId())).isNull();
            assertThat(state(ledger, second)).isEqualTo(LedgerEntry.State.ACCEPTED);
        }
    }

    @Test
    void what_ended_is_forgotten_seven_days_after_it_could_have_run_and_not_before() throws Exception {
        Command ended = command("x");
        Command open = command("x");
        try (Ledger ledger = open()) {
            ledger.accept(ended);
            ledger.finish(result(ended, Outcome.EXITED), NOW);
            ledger.accept(open);
        }
        Instant lastMoment = ended.expiresAt().plus(Duration.ofDays(7));
        try (Ledger ledger = Ledger.open(file(), lastMoment)) {
            assertThat(ledger.find(ended.commandId())).isNotNull();
        }
        try (Ledger ledger = Ledger.open(file(), lastMoment.plusSeconds(1))) {
            assertThat(ledger.find(ended.commandId())).isNull();
            assertThat(ledger.find(open.commandId())).isNotNull();
            assertThat(ledger.seq()).as("how many it ever recorded").isEqualTo(2);
        }
    }

    @Test
    void a_cancellation_of_what_was_never_seen_is_on_record() throws Exception {
        Command unseen = command("x");
        try (Ledger ledger = open()) {
            ledger.finish(result(unseen, Outcome.CANCELLED), NOW);
            assertThat(ledger.seq()).isEqualTo(1);
        }
        try (Ledger ledger = open()) {
            assertThat(entry(ledger, unseen).outcome()).isEqualTo(Outcome.CANCELLED);
        }
    }

    @Test
    void the_file_does_not_grow_with_history() throws Exception {
        try (Ledger ledger = open()) {
            for (int i = 0; i < 40; i++) {
                Command command = command("x".repeat(200_000));
                ledger.accept(command);
                ledger.finish(result(command, Outcome.EXITED), NOW);
                ledger.settle(command.commandId());
                ledger.compactIfWorthIt(NOW);
            }
            assertThat(Files.size(file())).isLessThan(5_000_000);
            assertThat(ledger.entries()).hasSize(40);
        }
    }

    @Test
    void a_record_of_a_newer_agent_is_not_guessed_at() throws Exception {
        Journal.Opened opened = Journal.open(file(), (_, _) -> {});
        opened.journal().append("Z\tsomething new");
        opened.journal().close();
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("newer agent");
    }

    @Test
    void a_command_that_is_not_there_is_not_found() throws Exception {
        try (Ledger ledger = open()) {
            CommandId unknown = command("x").commandId();
            assertThat(ledger.find(unknown)).isNull();
            assertThatThrownBy(() -> ledger.command(unknown)).isInstanceOf(IOException.class);
        }
    }
}
