package dev.wireproof.protocol;

/** Numbers of protocol version 1 that are the same for every deployment. Settings hold the others. */
public final class ProtocolLimits {
    public static final String SUBPROTOCOL = "rmm.v1";
    public static final int UNAUTHENTICATED_MESSAGE_BYTES = 8 * 1024;
    public static final int AGENT_MESSAGE_BYTES = 64 * 1024;
    public static final int SERVER_MESSAGE_BYTES = 1024 * 1024;
    public static final int JSON_DEPTH = 32;
    /** Raw bytes of output in one CommandOutput. */
    public static final int OUTPUT_CHUNK_BYTES = 32 * 1024;

    public static final int RUNNING_COMMANDS = 64;
    public static final int LEDGER_QUERY_IDS = 500;
    public static final int PING_PAYLOAD_BYTES = 16;
    public static final int ECHO_NONCE_CHARACTERS = 24;

    private ProtocolLimits() {}
}
