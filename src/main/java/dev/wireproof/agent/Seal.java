package dev.wireproof.agent;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.SignedCommand;
import dev.wireproof.protocol.SigningKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

/**
 * Whether a command was signed by a key that this agent knows, for this agent, and not too long ago. What runs is what the document says,
 * never what stands beside it.
 */
final class Seal {
    /** Documents may overtake each other by this much. */
    static final long WINDOW = 4_096;
    /** Server nodes' clocks may differ by this much. */
    private static final Duration LEEWAY = Duration.ofMinutes(1);

    private Seal() {}

    sealed interface Opened {
        /** @param counter to be remembered with it */
        record Good(Command command, long counter) implements Opened {}

        record Broken(String why) implements Opened {}
    }

    /**
     * @param pinned public keys by their ids
     * @param highest the highest counter that was ever accepted; 0: none yet
     * @param now the server's time
     */
    static Opened open(Command sent, Map<String, String> pinned, AgentId me, long highest, Instant now) {
        ServerMessage.Signature signature = sent.signature();
        if (signature == null) {
            return new Opened.Broken("it is not signed");
        }
        String key = pinned.get(signature.keyId());
        if (key == null) {
            return new Opened.Broken("it is signed by a key that this agent does not know");
        }
        byte[] document;
        try {
            document = Base64.getDecoder().decode(signature.document());
        } catch (IllegalArgumentException e) {
            return new Opened.Broken("its document is no base64");
        }
        if (!SigningKeys.verifies(key, document, signature.value())) {
            return new Opened.Broken("its signature does not fit its document");
        }
        SignedCommand read = SignedCommand.read(document, sent.attempt());
        if (read == null) {
            return new Opened.Broken("its document is none of a command");
        }
        if (!read.agentId().equals(me)) {
            return new Opened.Broken("it is signed for another agent");
        }
        if (!read.command().commandId().equals(sent.commandId())) {
            return new Opened.Broken("it is signed as another command");
        }
        if (read.notBefore().isAfter(now.plus(LEEWAY))) {
            return new Opened.Broken("not_before has not come yet");
        }
        if (read.counter() <= highest - WINDOW) {
            return new Opened.Broken("it was signed too long before others that came");
        }
        return new Opened.Good(read.command(), read.counter());
    }
}
