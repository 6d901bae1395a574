package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A text that an agent sends. Wire names live in the codec. */
public sealed interface AgentMessage {

    /**
     * The first message of a connection.
     *
     * @param credentials who it says it is, and what shows it
     * @param instanceId random for each agent process
     * @param lastEpoch the highest epoch this agent ever had; null when it had none
     * @param ledgerId made together with the record of commands on disk: a new one means the record was lost
     * @param ledgerSeq how many commands that record ever took; null when not told
     * @param runningCommands at most 64
     */
    record Auth(
            Credentials credentials,
            String hostname,
            Os os,
            String agentVersion,
            UUID instanceId,
            String bootId,
            @Nullable Long lastEpoch,
            Map<String, String> tags,
            List<String> capabilities,
            @Nullable UUID ledgerId,
            @Nullable Long ledgerSeq,
            @Nullable String previousConnectionId,
            @Nullable String previousClose,
            List<CommandId> runningCommands)
            implements AgentMessage {
        public Auth {
            tags = Map.copyOf(tags);
            capabilities = List.copyOf(capabilities);
            runningCommands = List.copyOf(runningCommands);
        }
    }

    /** What an agent shows to be let in. */
    sealed interface Credentials {
        record Enrolled(AgentId agentId, String agentKey) implements Credentials {
            /** Secrets do not belong in logs. */
            @Override
            public String toString() {
                return "Enrolled[agentId=" + agentId + "]";
            }
        }

        record Enrolling(String enrollmentToken, String deviceId) implements Credentials {
            /** Secrets do not belong in logs. */
            @Override
            public String toString() {
                return "Enrolling[deviceId=" + deviceId + "]";
            }
        }
    }

    /** @param family linux, windows, macos or other */
    record Os(String family, String name, String version, String arch) {}

    /** @param error null when applied without trouble */
    record ConfigAck(
            long configVersion, boolean applied, @Nullable String error) implements AgentMessage {}

    /** Frames of this connection as the agent's own reader counted them. */
    record RxCounters(long text, long ping, long bytes, long parseErrors, long lastPingSeq) {}

    record TxCounters(long text, long bytes) {}

    /** The last text that the agent could not use: the cause travels up while nothing gets down. */
    record LastError(String sha256, String message, Instant at) {}

    /** The agent's own view of its machine; shown, never trusted. Null: not measured. */
    record Metrics(
            @Nullable Double cpuPct,
            @Nullable Long memUsedBytes,
            @Nullable Long memTotalBytes,
            @Nullable Long diskUsedBytes,
            @Nullable Long diskTotalBytes,
            @Nullable Double load1m) {}

    record Heartbeat(
            long seq,
            long uptimeS,
            RxCounters rx,
            TxCounters tx,
            List<CommandId> runningCommands,
            int queuedCommands,
            @Nullable LastError lastError,
            @Nullable Metrics metrics)
            implements AgentMessage {
        public Heartbeat {
            runningCommands = List.copyOf(runningCommands);
        }
    }

    record EchoReply(String nonce, RxCounters rx, TxCounters tx) implements AgentMessage {}

    enum AckStatus {
        ACCEPTED,
        RUNNING,
        FINISHED
    }

    /**
     * @param textBytes length of the Command text as the agent received it; null when not told
     * @param textSha256 lower-case hex of the same; null when not told
     */
    record CommandAck(
            CommandId commandId,
            int attempt,
            boolean duplicate,
            AckStatus status,
            @Nullable Integer textBytes,
            @Nullable String textSha256)
            implements AgentMessage {}

    enum NackCode {
        UNPARSABLE,
        UNSUPPORTED,
        BAD_SIGNATURE,
        EXPIRED,
        BUSY,
        REFUSED
    }

    /** @param commandId null when the agent could not read it; the hash then matches it to an offer */
    record CommandNack(
            @Nullable CommandId commandId,
            @Nullable Integer attempt,
            NackCode code,
            String message,
            @Nullable Integer textBytes,
            @Nullable String textSha256)
            implements AgentMessage {}

    enum LedgerStatus {
        NEVER_SEEN,
        ACCEPTED,
        RUNNING,
        FINISHED,
        CANCELLED
    }

    /** @param outcome null unless finished */
    record LedgerEntry(
            CommandId commandId,
            boolean seen,
            LedgerStatus status,
            @Nullable Outcome outcome,
            @Nullable Integer exitCode) {}

    record CommandLedger(UUID ledgerId, long ledgerSeq, List<LedgerEntry> entries) implements AgentMessage {
        public CommandLedger {
            entries = List.copyOf(entries);
        }
    }

    record CommandStarted(CommandId commandId, long pid, Instant startedAt) implements AgentMessage {}

    enum Stream {
        STDOUT,
        STDERR
    }

    enum Encoding {
        UTF_8,
        BASE64
    }

    /**
     * @param offset bytes into that stream
     * @param data as on the wire: the text itself, or its base64
     */
    record CommandOutput(CommandId commandId, Stream stream, long offset, Encoding encoding, String data)
            implements AgentMessage {}

    enum Outcome {
        EXITED,
        TIMED_OUT,
        CANCELLED,
        FAILED_TO_START,
        INTERRUPTED
    }

    /** @param startedAt by the agent's clock; null when it never started */
    record CommandResult(
            CommandId commandId,
            Outcome outcome,
            @Nullable Integer exitCode,
            @Nullable String signal,
            long stdoutBytes,
            long stderrBytes,
            boolean truncated,
            @Nullable Instant startedAt,
            long durationMs,
            @Nullable String message)
            implements AgentMessage {}

    record ProtocolError(ProtocolFault fault) implements AgentMessage {}
}
