package dev.wireproof.connection;

import dev.wireproof.connection.Deadlines.Phase;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.Opcode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with each text that comes in: it is acted on or it is answered, and it is always counted. Called on the reading thread
 * of its connection, one text at a time; blocks nowhere.
 */
final class Inbox {
    /** Texts in a row that are no messages at all, after which the other end is taken for something else than an agent. */
    static final int MOST_UNUSABLE = 100;

    private static final Logger log = LoggerFactory.getLogger(Inbox.class);

    private final Welcome welcome;
    private final Map<Class<?>, List<AgentMessageHandler<?>>> handlers = new HashMap<>();

    Inbox(Welcome welcome, List<AgentMessageHandler<?>> handlers) {
        this.welcome = welcome;
        for (AgentMessageHandler<?> handler : handlers) {
            this.handlers
                    .computeIfAbsent(handler.messageType(), _ -> new ArrayList<>())
                    .add(handler);
        }
    }

    /** @return whether the connection may go on reading; otherwise it does so when the agent was let in */
    boolean received(Connection connection, byte[] utf8) {
        long now = connection.arrived(utf8.length, Count.TEXT_IN);
        connection.vitals().lastTextReadNs = now;
        if (connection.deaf()) {
            return true;
        }
        String text = decoded(utf8);
        if (text == null) {
            note(connection, now, null, null, utf8, "invalid UTF-8");
            connection.violated(CloseCode.INVALID_UTF8, CloseCode.INVALID_UTF8.meaning());
            return true;
        }
        if (!connection.rate().take(now)) {
            note(connection, now, null, null, utf8, "over the rate");
            connection.violated(CloseCode.TOO_MANY, "more messages a second than are permitted");
            return true;
        }
        return switch (AgentMessageCodec.decode(text)) {
            case Decoded.Usable<AgentMessage>(AgentMessage message) -> usable(connection, message, now, utf8);
            case Decoded.Unusable<AgentMessage>(var code, var detail, var type) -> {
                note(connection, now, type, null, utf8, detail);
                connection.confirmKey();
                unusable(connection, new ProtocolFault(code, detail, type, utf8.length, sha256(utf8)));
                yield true;
            }
        };
    }

    private boolean usable(Connection connection, AgentMessage message, long now, byte[] utf8) {
        note(connection, now, AgentMessageCodec.typeName(message), Subjects.commandOf(message), utf8, null);
        connection.unusableInARow(0);
        if (message instanceof AgentMessage.Auth auth) {
            if (connection.course().phase() != Phase.AWAITING_AUTH) {
                unexpected(connection, message, utf8, "this connection has authenticated already");
                return true;
            }
            welcome.begin(connection, auth);
            return false;
        }
        if (connection.identity() == null) {
            connection.violated(CloseCode.BAD_START, CloseCode.BAD_START.meaning());
            return true;
        }
        connection.confirmKey();
        boolean known = OwnMessages.handle(connection, message, now);
        boolean taken = dispatch(connection, message, now, utf8.length);
        if (!known && !taken) {
            unexpected(connection, message, utf8, "nothing here waits for this");
        }
        return true;
    }

    private boolean dispatch(Connection connection, AgentMessage message, long now, int bytes) {
        List<AgentMessageHandler<?>> interested = handlers.getOrDefault(message.getClass(), List.of());
        for (AgentMessageHandler<?> handler : interested) {
            try {
                call(handler, connection, message, now, bytes);
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue("connection", connection.connectionId())
                        .addKeyValue("type", AgentMessageCodec.typeName(message))
                        .setCause(e)
                        .log("connection.handler_failed");
            }
        }
        return !interested.isEmpty();
    }

    private static <M extends AgentMessage> void call(
            AgentMessageHandler<M> handler, Connection connection, AgentMessage message, long now, int bytes) {
        M typed = handler.messageType().cast(message);
        handler.handle(connection, new Received<>(typed, connection.board().now(), now, bytes));
    }

    private void unusable(Connection connection, ProtocolFault fault) {
        connection.add(Count.PARSE_ERRORS, 1);
        connection.board().metrics().unusable();
        if (connection.identity() == null) {
            connection.violated(CloseCode.BAD_START, CloseCode.BAD_START.meaning());
            return;
        }
        Welcome.send(connection, new ServerMessage.ProtocolError(fault));
        if (fault.code() != ProtocolFault.Code.MALFORMED) {
            connection.unusableInARow(0); // from a newer agent, perhaps: that is no reason to send it away
        } else if (connection.unusableInARow(connection.unusableInARow() + 1) >= MOST_UNUSABLE) {
            connection.violated(CloseCode.BAD_START, MOST_UNUSABLE + " texts in a row were malformed");
        }
    }

    private static void unexpected(Connection connection, AgentMessage message, byte[] utf8, String why) {
        Welcome.send(
                connection,
                new ServerMessage.ProtocolError(new ProtocolFault(
                        ProtocolFault.Code.UNEXPECTED,
                        why,
                        AgentMessageCodec.typeName(message),
                        utf8.length,
                        sha256(utf8))));
    }

    private static void note(
            Connection connection,
            long now,
            @Nullable String type,
            @Nullable CommandId command,
            byte[] utf8,
            @Nullable String error) {
        connection
                .trace()
                .record(FrameRecord.received(
                        connection.nextSeq(),
                        Opcode.TEXT,
                        type,
                        command,
                        utf8.length,
                        FrameRecord.NONE,
                        now,
                        error,
                        sha256(utf8)));
    }

    /** @return null when it is not UTF-8 */
    private static @Nullable String decoded(byte[] utf8) {
        String text = new String(utf8, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text; // the usual case, at the speed of the platform's own loop
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static String sha256(byte[] utf8) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(utf8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
