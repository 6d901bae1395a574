package dev.wireproof.protocol;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;

/** What both ends must do alike with the keys that commands are signed with: Ed25519, public keys as X.509 in base64. */
public final class SigningKeys {
    public static final String ALGORITHM = "Ed25519";
    private static final int ID_BYTES = 16;

    private SigningKeys() {}

    /** The first half of the public key's SHA-256, in hex. @throws IllegalArgumentException when it is no base64 */
    public static String keyId(String publicKey) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(Base64.getDecoder().decode(publicKey));
            return HexFormat.of().formatHex(hash, 0, ID_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** What an earlier key signs to let a new one follow it. It is no JSON, so no signature of a command can pass for it. */
    public static byte[] endorsement(String publicKey) {
        return ("wireproof-signing-key 1\n" + publicKey).getBytes(StandardCharsets.US_ASCII);
    }

    /** @return whether the key made this signature; false also when key or signature are none */
    public static boolean verifies(String publicKey, byte[] text, String signature) {
        try {
            Signature check = Signature.getInstance(ALGORITHM);
            check.initVerify(KeyFactory.getInstance(ALGORITHM)
                    .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(publicKey))));
            check.update(text);
            return check.verify(Base64.getDecoder().decode(signature));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }
}
