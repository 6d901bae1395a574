package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The payload of each agent message, field by field. */
final class AgentMessageReader {
    private static final int MAX_INT = Integer.MAX_VALUE;
    private static final long MAX_LONG = Long.MAX_VALUE;
    /** More than any machine's load or CPU share; beyond it a number is noise that spoils sums. */
    private static final double MAX_MEASURE = 1e6;

    private AgentMessageReader() {}

    /** @return null when no message of an agent has this type */
    static @Nullable AgentMessage read(String type, Fields top) throws Fields.Invalid {
        return switch (type) {
            case "CommandAck" -> commandAck(top.object("payload"));
            case "CommandOutput" -> commandOutput(top.object("payload"));
            case "CommandResult" -> commandResult(top.object("payload"));
            case "CommandStarted" -> commandStarted(top.object("payload"));
            case "Heartbeat" -> heartbeat(top.object("payload"));
            case "EchoReply" -> echoReply(top.object("payload"));
            case "Auth" -> auth(top.object("payload"));
            case "ConfigAck" -> configAck(top.object("payload"));
            case "CommandNack" -> commandNack(top.object("payload"));
            case "CommandLedger" -> commandLedger(top.object("payload"));
            case "ProtocolError" -> new AgentMessage.ProtocolError(FaultFields.read(top.object("payload")));
            default -> null;
        };
    }

    private static AgentMessage.Auth auth(Fields in) throws Fields.Invalid {
        return new AgentMessage.Auth(
                credentials(in),
                in.text("hostname"),
                os(in.object("os")),
                in.text("agent_version"),
                in.uuid("instance_id"),
                in.text("boot_id"),
                in.numberOrNull("last_epoch", 0, MAX_LONG),
                in.has("tags") ? in.textMap("tags") : Map.of(),
                in.has("capabilities") ? in.textList("capabilities") : List.of(),
                in.uuidOrNull("ledger_id"),
                in.numberOrNull("ledger_seq", 0, MAX_LONG),
                in.textOrNull("previous_connection_id"),
                in.textOrNull("previous_close"),
                in.has("running_commands") ? runningCommands(in) : List.of());
    }

    private static AgentMessage.Credentials credentials(Fields in) throws Fields.Invalid {
        boolean enrolled = in.has("agent_id") || in.has("agent_key");
        boolean enrolling = in.has("enrollment_token") || in.has("device_id");
        if (enrolled && enrolling) {
            throw new Fields.Invalid(
                    "payload must hold either agent_id and agent_key or enrollment_token and device_id, not both");
        }
        return enrolling
                ? new AgentMessage.Credentials.Enrolling(in.text("enrollment_token"), in.text("device_id"))
                : new AgentMessage.Credentials.Enrolled(new AgentId(in.uuid("agent_id")), in.text("agent_key"));
    }

    private static AgentMessage.Os os(Fields in) throws Fields.Invalid {
        String family = in.text("family");
        if (!List.of("linux", "windows", "macos", "other").contains(family)) {
            throw new Fields.Invalid("payload.os.family must be one of linux, windows, macos, other");
        }
        return new AgentMessage.Os(family, in.text("name"), in.text("version"), in.text("arch"));
    }

    private static AgentMessage.ConfigAck configAck(Fields in) throws Fields.Invalid {
        return new AgentMessage.ConfigAck(
                in.number("config_version", 0, MAX_LONG), in.bool("applied"), in.textOrNull("error"));
    }

    private static AgentMessage.Heartbeat heartbeat(Fields in) throws Fields.Invalid {
        return new AgentMessage.Heartbeat(
                in.number("seq", 0, MAX_LONG),
                in.number("uptime_s", 0, MAX_LONG),
                rx(in.object("rx")),
                tx(in.object("tx")),
                runningCommands(in),
                in.integer("queued_commands", 0, MAX_INT),
                lastError(in.objectOrNull("last_error")),
                metrics(in.objectOrNull("metrics")));
    }

    private static List<CommandId> runningCommands(Fields in) throws Fields.Invalid {
        return in.commandIds("running_commands", ProtocolLimits.RUNNING_COMMANDS);
    }

    private static AgentMessage.RxCounters rx(Fields in) throws Fields.Invalid {
        return new AgentMessage.RxCounters(
                in.number("text", 0, MAX_LONG),
                in.number("ping", 0, MAX_LONG),
                in.number("bytes", 0, MAX_LONG),
                in.number("parse_errors", 0, MAX_LONG),
                in.number("last_ping_seq", 0, MAX_LONG));
    }

    private static AgentMessage.TxCounters tx(Fields in) throws Fields.Invalid {
        return new AgentMessage.TxCounters(in.number("text", 0, MAX_LONG), in.number("bytes", 0, MAX_LONG));
    }

    private static AgentMessage.@Nullable LastError lastError(@Nullable Fields in) throws Fields.Invalid {
        return in == null ? null : new AgentMessage.LastError(in.sha256("sha256"), in.text("message"), in.time("at"));
    }

    private static AgentMessage.@Nullable Metrics metrics(@Nullable Fields in) throws Fields.Invalid {
        return in == null
                ? null
                : new AgentMessage.Metrics(
                        in.fractionOrNull("cpu_pct", 0, MAX_MEASURE),
                        in.numberOrNull("mem_used_bytes", 0, MAX_LONG),
                        in.numberOrNull("mem_total_bytes", 0, MAX_LONG),
                        in.numberOrNull("disk_used_bytes", 0, MAX_LONG),
                        in.numberOrNull("disk_total_bytes", 0, MAX_LONG),
                        in.fractionOrNull("load_1m", 0, MAX_MEASURE));
    }

    private static AgentMessage.EchoReply echoReply(Fields in) throws Fields.Invalid {
        return new AgentMessage.EchoReply(in.text("nonce"), rx(in.object("rx")), tx(in.object("tx")));
    }

    private static AgentMessage.CommandAck commandAck(Fields in) throws Fields.Invalid {
        return new AgentMessage.CommandAck(
                in.commandId(),
                in.integer("attempt", 1, MAX_INT),
                in.bool("duplicate"),
                in.oneOf("status", WireNames.ACK_STATUS),
                in.integerOrNull("text_bytes", 0, MAX_INT),
                in.sha256OrNull("text_sha256"));
    }

    private static AgentMessage.CommandNack commandNack(Fields in) throws Fields.Invalid {
        return new AgentMessage.CommandNack(
                in.commandIdOrNull(),
                in.integerOrNull("attempt", 1, MAX_INT),
                in.oneOf("code", WireNames.NACK_CODE),
                in.text("message"),
                in.integerOrNull("text_bytes", 0, MAX_INT),
                in.sha256OrNull("text_sha256"));
    }

    private static AgentMessage.CommandLedger commandLedger(Fields in) throws Fields.Invalid {
        List<AgentMessage.LedgerEntry> entries = new ArrayList<>();
        for (Fields entry : in.objects("entries", ProtocolLimits.LEDGER_QUERY_IDS)) {
            entries.add(new AgentMessage.LedgerEntry(
                    entry.commandId(),
                    entry.bool("seen"),
                    entry.oneOf("status", WireNames.LEDGER_STATUS),
                    entry.oneOfOrNull("outcome", WireNames.OUTCOME),
                    entry.integerOrNull("exit_code", Integer.MIN_VALUE, MAX_INT)));
        }
        return new AgentMessage.CommandLedger(in.uuid("ledger_id"), in.number("ledger_seq", 0, MAX_LONG), entries);
    }

    private static AgentMessage.CommandStarted commandStarted(Fields in) throws Fields.Invalid {
        return new AgentMessage.CommandStarted(in.commandId(), in.number("pid", 0, MAX_LONG), in.time("started_at"));
    }

    private static AgentMessage.CommandOutput commandOutput(Fields in) throws Fields.Invalid {
        return new AgentMessage.CommandOutput(
                in.commandId(),
                in.oneOf("stream", WireNames.STREAM),
                in.number("offset", 0, MAX_LONG),
                in.oneOf("encoding", WireNames.ENCODING),
                WireText.encodable(in.rawText("data")));
    }

    private static AgentMessage.CommandResult commandResult(Fields in) throws Fields.Invalid {
        return new AgentMessage.CommandResult(
                in.commandId(),
                in.oneOf("outcome", WireNames.OUTCOME),
                in.integerOrNull("exit_code", Integer.MIN_VALUE, MAX_INT),
                in.textOrNull("signal"),
                in.number("stdout_bytes", 0, MAX_LONG),
                in.number("stderr_bytes", 0, MAX_LONG),
                in.bool("truncated"),
                in.timeOrNull("started_at"),
                in.number("duration_ms", 0, MAX_LONG),
                in.textOrNull("message"));
    }
}
