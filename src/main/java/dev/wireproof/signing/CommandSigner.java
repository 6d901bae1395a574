package dev.wireproof.signing;

/** Something that holds an Ed25519 key and signs with it; the key itself need not be where the server can read it. Safe for many threads. */
public interface CommandSigner {

    /** As X.509 in base64. */
    String publicKey();

    /** @throws SignerAwayException when it cannot sign now; nothing goes out unsigned then */
    byte[] sign(byte[] text) throws SignerAwayException;
}
