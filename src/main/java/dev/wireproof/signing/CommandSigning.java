package dev.wireproof.signing;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.SignedCommand;
import dev.wireproof.protocol.SigningKeys;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether commands are signed, by what, and which keys agents are told of. Safe for many threads. */
public final class CommandSigning {
    private static final CommandSigning OFF = new CommandSigning(null, List.of());

    private final @Nullable CommandSigner signer;
    private final List<ServerMessage.SigningKey> keys;

    private CommandSigning(@Nullable CommandSigner signer, List<ServerMessage.SigningKey> keys) {
        this.signer = signer;
        this.keys = List.copyOf(keys);
    }

    /** Nothing is signed, and agents are told of no key. */
    public static CommandSigning off() {
        return OFF;
    }

    /** @param keys those that agents are told; the signer's own must be one of them, or they could not check what it signs */
    public static CommandSigning required(CommandSigner signer, List<ServerMessage.SigningKey> keys) {
        if (keys.stream().noneMatch(key -> key.publicKey().equals(signer.publicKey()))) {
            throw new IllegalArgumentException("the signer's key is not among those that agents are told");
        }
        return new CommandSigning(signer, keys);
    }

    public boolean required() {
        return signer != null;
    }

    /** Oldest first; empty when nothing is signed. */
    public List<ServerMessage.SigningKey> keys() {
        return keys;
    }

    /**
     * @param command without a signature
     * @param counter higher than that of any document that the agent got on an earlier connection
     * @throws SignerAwayException when the key cannot be used now
     */
    public ServerMessage.Signature sign(AgentId agent, ServerMessage.Command command, Instant notBefore, long counter)
            throws SignerAwayException {
        CommandSigner by = signer;
        if (by == null) {
            throw new IllegalStateException("nothing is signed here");
        }
        byte[] document = new SignedCommand(agent, command, notBefore, counter).document();
        Base64.Encoder base64 = Base64.getEncoder();
        return new ServerMessage.Signature(
                SigningKeys.keyId(by.publicKey()),
                base64.encodeToString(document),
                base64.encodeToString(by.sign(document)));
    }
}
