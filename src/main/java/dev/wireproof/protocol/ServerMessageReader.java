package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The payload of each server message, field by field. */
final class ServerMessageReader {
    private static final int MAX_INT = Integer.MAX_VALUE;
    private static final long MAX_LONG = Long.MAX_VALUE;

    private ServerMessageReader() {}

    /** @return null when no message of a server has this type */
    static @Nullable ServerMessage read(String type, Fields top) throws Fields.Invalid {
        return switch (type) {
            case "Command" -> command(top.object("payload"));
            case "CommandResultAck" ->
                new ServerMessage.CommandResultAck(top.object("payload").commandId());
            case "Echo" -> new ServerMessage.Echo(top.object("payload").text("nonce"));
            case "CommandCancel" -> commandCancel(top.object("payload"));
            case "CommandLedgerQuery" ->
                new ServerMessage.CommandLedgerQuery(
                        top.object("payload").commandIds("command_ids", ProtocolLimits.LEDGER_QUERY_IDS));
            case "ConfigUpdate" -> configUpdate(top.object("payload"));
            case "AuthAck" -> authAck(top.object("payload"));
            case "AuthReject" -> authReject(top.object("payload"));
            case "ProtocolError" -> new ServerMessage.ProtocolError(FaultFields.read(top.object("payload")));
            default -> null;
        };
    }

    private static ServerMessage.AuthAck authAck(Fields in) throws Fields.Invalid {
        List<ServerMessage.SigningKey> keys = new ArrayList<>();
        for (Fields key : in.objects("signing_keys", MAX_INT)) {
            keys.add(new ServerMessage.SigningKey(
                    key.text("key_id"),
                    key.text("public_key"),
                    key.textOrNull("endorsed_by"),
                    key.textOrNull("endorsement")));
        }
        return new ServerMessage.AuthAck(
                new AgentId(in.uuid("agent_id")),
                in.textOrNull("agent_key"),
                new ConnectionId(in.uuid("connection_id")),
                in.number("epoch", 0, MAX_LONG),
                in.integer("heartbeat_interval_s", 1, MAX_INT),
                in.integer("ping_interval_s", 1, MAX_INT),
                in.integer("idle_timeout_s", 1, MAX_INT),
                in.integer("max_message_bytes", 1, MAX_INT),
                in.time("server_time"),
                in.text("server_version"),
                keys);
    }

    private static ServerMessage.AuthReject authReject(Fields in) throws Fields.Invalid {
        return new ServerMessage.AuthReject(
                in.oneOf("code", WireNames.REJECT_CODE), in.text("message"), in.integer("retry_after_s", 0, MAX_INT));
    }

    private static ServerMessage.ConfigUpdate configUpdate(Fields in) throws Fields.Invalid {
        Fields config = in.object("config");
        return new ServerMessage.ConfigUpdate(
                in.number("config_version", 0, MAX_LONG),
                new ServerMessage.AgentConfig(
                        config.integer("heartbeat_interval_s", 1, MAX_INT),
                        config.integer("max_concurrent_commands", 1, MAX_INT),
                        config.number("max_output_bytes", 0, MAX_LONG),
                        config.textList("allowed_interpreters"),
                        config.bool("trace")));
    }

    private static ServerMessage.Command command(Fields in) throws Fields.Invalid {
        Fields signature = in.objectOrNull("signature");
        return new ServerMessage.Command(
                in.commandId(),
                in.integer("attempt", 1, MAX_INT),
                in.text("kind"),
                in.text("interpreter"),
                in.text("script"),
                in.has("args") ? in.textList("args") : List.of(),
                in.has("env") ? in.textMap("env") : Map.of(),
                in.textOrNull("cwd"),
                in.integer("timeout_s", 1, MAX_INT),
                in.number("max_output_bytes", 0, MAX_LONG),
                in.time("issued_at"),
                in.time("expires_at"),
                signature == null
                        ? null
                        : new ServerMessage.Signature(
                                signature.text("key_id"), signature.text("document"), signature.text("value")));
    }

    private static ServerMessage.CommandCancel commandCancel(Fields in) throws Fields.Invalid {
        return new ServerMessage.CommandCancel(in.commandId(), in.textOrNull("reason"));
    }
}
