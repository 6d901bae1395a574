package dev.wireproof.protocol;

/** The payload of each server message, in the order of the protocol's table. */
final class ServerMessageWriter {
    private ServerMessageWriter() {}

    static void write(JsonWriter out, ServerMessage message) {
        switch (message) {
            case ServerMessage.AuthAck ack -> authAck(out, ack);
            case ServerMessage.AuthReject reject ->
                out.oneOf("code", reject.code())
                        .text("message", reject.message())
                        .number("retry_after_s", reject.retryAfterS());
            case ServerMessage.ConfigUpdate update ->
                out.number("config_version", update.configVersion())
                        .begin("config")
                        .number("heartbeat_interval_s", update.config().heartbeatIntervalS())
                        .number("max_concurrent_commands", update.config().maxConcurrentCommands())
                        .number("max_output_bytes", update.config().maxOutputBytes())
                        .texts("allowed_interpreters", update.config().allowedInterpreters())
                        .bool("trace", update.config().trace())
                        .end();
            case ServerMessage.Command command -> command(out, command);
            case ServerMessage.Echo echo -> out.text("nonce", echo.nonce());
            case ServerMessage.CommandLedgerQuery query -> out.ids("command_ids", query.commandIds());
            case ServerMessage.CommandCancel cancel ->
                out.id("command_id", cancel.commandId()).text("reason", cancel.reason());
            case ServerMessage.CommandResultAck ack -> out.id("command_id", ack.commandId());
            case ServerMessage.ProtocolError error -> FaultFields.write(out, error.fault());
        }
    }

    private static void authAck(JsonWriter out, ServerMessage.AuthAck ack) {
        out.id("agent_id", ack.agentId());
        if (ack.agentKey() != null) {
            out.text("agent_key", ack.agentKey());
        }
        out.id("connection_id", ack.connectionId())
                .number("epoch", ack.epoch())
                .number("heartbeat_interval_s", ack.heartbeatIntervalS())
                .number("ping_interval_s", ack.pingIntervalS())
                .number("idle_timeout_s", ack.idleTimeoutS())
                .number("max_message_bytes", ack.maxMessageBytes())
                .time("server_time", ack.serverTime())
                .text("server_version", ack.serverVersion())
                .beginArray("signing_keys");
        for (ServerMessage.SigningKey key : ack.signingKeys()) {
            out.begin(null).text("key_id", key.keyId()).text("public_key", key.publicKey());
            if (key.endorsedBy() != null) { // the first key has none, and knows no such field
                out.text("endorsed_by", key.endorsedBy()).text("endorsement", key.endorsement());
            }
            out.end();
        }
        out.endArray();
    }

    /** All that decides what runs, and when it was made: in the message as in what is signed. */
    static JsonWriter whatRuns(JsonWriter out, ServerMessage.Command command) {
        return out.text("kind", command.kind())
                .text("interpreter", command.interpreter())
                .text("script", command.script())
                .texts("args", command.args())
                .textMap("env", command.env())
                .text("cwd", command.cwd())
                .number("timeout_s", command.timeoutS())
                .number("max_output_bytes", command.maxOutputBytes())
                .time("issued_at", command.issuedAt());
    }

    private static void command(JsonWriter out, ServerMessage.Command command) {
        out.id("command_id", command.commandId()).number("attempt", command.attempt());
        whatRuns(out, command).time("expires_at", command.expiresAt());
        ServerMessage.Signature signature = command.signature();
        if (signature == null) {
            out.nothing("signature");
        } else {
            out.begin("signature")
                    .text("key_id", signature.keyId())
                    .text("document", signature.document())
                    .text("value", signature.value())
                    .end();
        }
    }
}
