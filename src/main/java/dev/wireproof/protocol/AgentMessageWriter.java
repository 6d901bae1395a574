package dev.wireproof.protocol;

import org.jspecify.annotations.Nullable;

/** The payload of each agent message, in the order of the protocol's table. */
final class AgentMessageWriter {
    private AgentMessageWriter() {}

    static void write(JsonWriter out, AgentMessage message) {
        switch (message) {
            case AgentMessage.Auth auth -> auth(out, auth);
            case AgentMessage.ConfigAck ack ->
                out.number("config_version", ack.configVersion())
                        .bool("applied", ack.applied())
                        .text("error", ack.error());
            case AgentMessage.Heartbeat heartbeat -> heartbeat(out, heartbeat);
            case AgentMessage.EchoReply reply -> {
                out.text("nonce", reply.nonce());
                counters(out, reply.rx(), reply.tx());
            }
            case AgentMessage.CommandAck ack ->
                out.id("command_id", ack.commandId())
                        .number("attempt", ack.attempt())
                        .bool("duplicate", ack.duplicate())
                        .oneOf("status", ack.status())
                        .number("text_bytes", ack.textBytes())
                        .text("text_sha256", ack.textSha256());
            case AgentMessage.CommandNack nack ->
                out.id("command_id", nack.commandId())
                        .number("attempt", nack.attempt())
                        .oneOf("code", nack.code())
                        .text("message", nack.message())
                        .number("text_bytes", nack.textBytes())
                        .text("text_sha256", nack.textSha256());
            case AgentMessage.CommandLedger ledger -> ledger(out, ledger);
            case AgentMessage.CommandStarted started ->
                out.id("command_id", started.commandId())
                        .number("pid", started.pid())
                        .time("started_at", started.startedAt());
            case AgentMessage.CommandOutput output ->
                out.id("command_id", output.commandId())
                        .oneOf("stream", output.stream())
                        .number("offset", output.offset())
                        .oneOf("encoding", output.encoding())
                        .text("data", output.data());
            case AgentMessage.CommandResult result -> result(out, result);
            case AgentMessage.ProtocolError error -> FaultFields.write(out, error.fault());
        }
    }

    private static void auth(JsonWriter out, AgentMessage.Auth auth) {
        switch (auth.credentials()) {
            case AgentMessage.Credentials.Enrolled(var agentId, var agentKey) ->
                out.id("agent_id", agentId).text("agent_key", agentKey);
            case AgentMessage.Credentials.Enrolling(var token, var deviceId) ->
                out.text("enrollment_token", token).text("device_id", deviceId);
        }
        out.text("hostname", auth.hostname())
                .begin("os")
                .text("family", auth.os().family())
                .text("name", auth.os().name())
                .text("version", auth.os().version())
                .text("arch", auth.os().arch())
                .end()
                .text("agent_version", auth.agentVersion())
                .id("instance_id", auth.instanceId())
                .text("boot_id", auth.bootId())
                .number("last_epoch", auth.lastEpoch())
                .textMap("tags", auth.tags())
                .texts("capabilities", auth.capabilities())
                .id("ledger_id", auth.ledgerId())
                .number("ledger_seq", auth.ledgerSeq())
                .text("previous_connection_id", auth.previousConnectionId())
                .text("previous_close", auth.previousClose())
                .ids("running_commands", auth.runningCommands());
    }

    private static void heartbeat(JsonWriter out, AgentMessage.Heartbeat heartbeat) {
        out.number("seq", heartbeat.seq()).number("uptime_s", heartbeat.uptimeS());
        counters(out, heartbeat.rx(), heartbeat.tx());
        out.ids("running_commands", heartbeat.runningCommands()).number("queued_commands", heartbeat.queuedCommands());
        lastError(out, heartbeat.lastError());
        metrics(out, heartbeat.metrics());
    }

    private static void counters(JsonWriter out, AgentMessage.RxCounters rx, AgentMessage.TxCounters tx) {
        out.begin("rx")
                .number("text", rx.text())
                .number("ping", rx.ping())
                .number("bytes", rx.bytes())
                .number("parse_errors", rx.parseErrors())
                .number("last_ping_seq", rx.lastPingSeq())
                .end()
                .begin("tx")
                .number("text", tx.text())
                .number("bytes", tx.bytes())
                .end();
    }

    private static void lastError(JsonWriter out, AgentMessage.@Nullable LastError error) {
        if (error != null) {
            out.begin("last_error")
                    .text("sha256", error.sha256())
                    .text("message", error.message())
                    .time("at", error.at())
                    .end();
        }
    }

    private static void metrics(JsonWriter out, AgentMessage.@Nullable Metrics metrics) {
        if (metrics != null) {
            out.begin("metrics")
                    .number("cpu_pct", metrics.cpuPct())
                    .number("mem_used_bytes", metrics.memUsedBytes())
                    .number("mem_total_bytes", metrics.memTotalBytes())
                    .number("disk_used_bytes", metrics.diskUsedBytes())
                    .number("disk_total_bytes", metrics.diskTotalBytes())
                    .number("load_1m", metrics.load1m())
                    .end();
        }
    }

    private static void ledger(JsonWriter out, AgentMessage.CommandLedger ledger) {
        out.id("ledger_id", ledger.ledgerId())
                .number("ledger_seq", ledger.ledgerSeq())
                .beginArray("entries");
        for (AgentMessage.LedgerEntry entry : ledger.entries()) {
            out.begin(null)
                    .id("command_id", entry.commandId())
                    .bool("seen", entry.seen())
                    .oneOf("status", entry.status())
                    .oneOf("outcome", entry.outcome())
                    .number("exit_code", entry.exitCode())
                    .end();
        }
        out.endArray();
    }

    private static void result(JsonWriter out, AgentMessage.CommandResult result) {
        out.id("command_id", result.commandId())
                .oneOf("outcome", result.outcome())
                .number("exit_code", result.exitCode())
                .text("signal", result.signal())
                .number("stdout_bytes", result.stdoutBytes())
                .number("stderr_bytes", result.stderrBytes())
                .bool("truncated", result.truncated())
                .time("started_at", result.startedAt())
                .number("duration_ms", result.durationMs())
                .text("message", result.message());
    }
}
