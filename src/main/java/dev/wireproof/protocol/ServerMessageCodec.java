package dev.wireproof.protocol;

import java.util.function.UnaryOperator;

/**
 * Server messages and their JSON. Safe for many threads. Texts stay as they are: a script must run as it was written.
 */
public final class ServerMessageCodec {
    private static final int EXPECTED_CHARACTERS = 768;
    private static final JsonReader JSON = new JsonReader(ProtocolLimits.SERVER_MESSAGE_BYTES);
    private static final MessageDecoder<ServerMessage> DECODER =
            new MessageDecoder<>(JSON, UnaryOperator.identity(), ServerMessageReader::read);

    private ServerMessageCodec() {}

    /** Never throws, whatever the text is. The size of the whole text is the transport's to check. */
    public static Decoded<ServerMessage> decode(String text) {
        return DECODER.decode(text);
    }

    /** For a text that {@link #decode} found unusable: what can be told of it nevertheless. Never throws. */
    public static Glimpse glimpse(String text) {
        return Glimpse.of(JSON, text);
    }

    /** The same message gives the same text in every process: a Command's hash is compared by both ends. */
    public static String encode(ServerMessage message) {
        JsonWriter out = JsonWriter.of(typeName(message), EXPECTED_CHARACTERS);
        ServerMessageWriter.write(out, message);
        return out.message();
    }

    /** The {@code type} on the wire. */
    public static String typeName(ServerMessage message) {
        return switch (message) {
            case ServerMessage.AuthAck _ -> "AuthAck";
            case ServerMessage.AuthReject _ -> "AuthReject";
            case ServerMessage.ConfigUpdate _ -> "ConfigUpdate";
            case ServerMessage.Command _ -> "Command";
            case ServerMessage.Echo _ -> "Echo";
            case ServerMessage.CommandLedgerQuery _ -> "CommandLedgerQuery";
            case ServerMessage.CommandCancel _ -> "CommandCancel";
            case ServerMessage.CommandResultAck _ -> "CommandResultAck";
            case ServerMessage.ProtocolError _ -> "ProtocolError";
        };
    }
}
