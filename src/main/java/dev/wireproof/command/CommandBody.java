package dev.wireproof.command;

import dev.wireproof.connection.OutboundText;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import dev.wireproof.signing.CommandSigning;
import dev.wireproof.signing.SignerAwayException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** What of a command does not change: what is to run. */
record CommandBody(CommandId id, Instant createdAt, NewCommand what) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};
    private static final TypeReference<Map<String, String>> STRING_MAP = new TypeReference<>() {};

    static CommandBody read(ResultSet rs) throws SQLException {
        return new CommandBody(
                new CommandId(RowReader.uuid(rs, "id")),
                RowReader.instant(rs, "created_at"),
                new NewCommand(
                        new AgentId(RowReader.uuid(rs, "agent_id")),
                        new SiteId(RowReader.uuid(rs, "site_id")),
                        rs.getString("interpreter"),
                        rs.getString("script"),
                        strings(rs.getString("args")),
                        stringMap(rs.getString("env")),
                        rs.getString("cwd"),
                        Duration.ofSeconds(rs.getInt("timeout_s")),
                        Duration.ofSeconds(rs.getInt("ttl_s")),
                        rs.getLong("max_output_bytes"),
                        CommandEffect.ofWireName(rs.getString("effect")),
                        rs.getBoolean("secret"),
                        rs.getString("created_by"),
                        null,
                        null));
    }

    static List<String> strings(String json) {
        return JSON.readValue(json, STRINGS);
    }

    static Map<String, String> stringMap(String json) {
        return JSON.readValue(json, STRING_MAP);
    }

    /** The one text that carries this attempt. Its fence follows directly behind it. */
    OutboundText text(int attempt, Instant expiresAt) {
        return OutboundText.of("Command", encode(attempt, expiresAt), id, true);
    }

    /** As {@link #text}, signed. What is signed says nothing of the attempt, and its counter is this connection's next. */
    OutboundText signedText(int attempt, Instant expiresAt, CommandSigning signing, Lane lane)
            throws SignerAwayException {
        ServerMessage.Signature signature =
                signing.sign(what.agentId(), message(attempt, expiresAt, null), createdAt, lane.nextCounter());
        return OutboundText.of("Command", ServerMessageCodec.encode(message(attempt, expiresAt, signature)), id, true);
    }

    String encode(int attempt, Instant expiresAt) {
        return ServerMessageCodec.encode(message(attempt, expiresAt, null));
    }

    private ServerMessage.Command message(int attempt, Instant expiresAt, ServerMessage.@Nullable Signature signature) {
        return new ServerMessage.Command(
                id,
                attempt,
                "shell",
                what.interpreter(),
                what.script(),
                what.args(),
                what.env(),
                what.cwd(),
                (int) what.timeout().toSeconds(),
                what.maxOutputBytes(),
                createdAt,
                expiresAt,
                signature);
    }
}
