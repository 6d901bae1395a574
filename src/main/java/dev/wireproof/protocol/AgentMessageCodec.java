package dev.wireproof.protocol;

/**
 * Agent messages and their JSON. Safe for many threads.
 *
 * <p>Texts come out fit for a database: see {@link WireText}. The one exception is {@code data} of
 * {@link AgentMessage.CommandOutput}, whose bytes are the output's own; NUL stays there.
 */
public final class AgentMessageCodec {
    private static final int EXPECTED_CHARACTERS = 384;
    private static final JsonReader JSON = new JsonReader(ProtocolLimits.AGENT_MESSAGE_BYTES);
    private static final MessageDecoder<AgentMessage> DECODER =
            new MessageDecoder<>(JSON, WireText::storable, AgentMessageReader::read);

    private AgentMessageCodec() {}

    /** Never throws, whatever the text is. The size of the whole text is the transport's to check. */
    public static Decoded<AgentMessage> decode(String text) {
        return DECODER.decode(text);
    }

    /** The same message gives the same text in every process. */
    public static String encode(AgentMessage message) {
        JsonWriter out = JsonWriter.of(typeName(message), EXPECTED_CHARACTERS);
        AgentMessageWriter.write(out, message);
        return out.message();
    }

    /** The {@code type} on the wire. */
    public static String typeName(AgentMessage message) {
        return switch (message) {
            case AgentMessage.Auth _ -> "Auth";
            case AgentMessage.ConfigAck _ -> "ConfigAck";
            case AgentMessage.Heartbeat _ -> "Heartbeat";
            case AgentMessage.EchoReply _ -> "EchoReply";
            case AgentMessage.CommandAck _ -> "CommandAck";
            case AgentMessage.CommandNack _ -> "CommandNack";
            case AgentMessage.CommandLedger _ -> "CommandLedger";
            case AgentMessage.CommandStarted _ -> "CommandStarted";
            case AgentMessage.CommandOutput _ -> "CommandOutput";
            case AgentMessage.CommandResult _ -> "CommandResult";
            case AgentMessage.ProtocolError _ -> "ProtocolError";
        };
    }
}
