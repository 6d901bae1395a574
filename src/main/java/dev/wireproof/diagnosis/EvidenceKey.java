package dev.wireproof.diagnosis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** The key that signs evidence: Ed25519, made when it is first needed, in {@code WIREPROOF_HOME/keys}, readable by the server's user only. */
final class EvidenceKey {
    static final String ALGORITHM = "Ed25519";
    private static final String FILE = "evidence-ed25519.key";
    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final PrivateKey privateKey;
    private final PublicKey publicKey;

    private EvidenceKey(PrivateKey privateKey, PublicKey publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /** Two lines: the private key (PKCS #8) and the public one (X.509), in base64. Makes them when there are none. */
    static EvidenceKey in(Path home) {
        Path folder = home.resolve("keys");
        Path file = folder.resolve(FILE);
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(folder);
                create(folder, file);
            }
            List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
            if (lines.size() < 2) {
                throw new IllegalStateException(file + " is no key: restore it, or move it away to get a new one");
            }
            KeyFactory factory = KeyFactory.getInstance(ALGORITHM);
            return new EvidenceKey(
                    factory.generatePrivate(
                            new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines.get(0)))),
                    factory.generatePublic(
                            new X509EncodedKeySpec(Base64.getDecoder().decode(lines.get(1)))));
        } catch (IOException e) {
            throw new UncheckedIOException("the key for evidence cannot be read or made: " + file, e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalStateException(file + " is no key: restore it, or move it away to get a new one", e);
        }
    }

    /** Written beside and then linked to its name, so that a half-written one is never read and of two makers the first stands. */
    private static void create(Path folder, Path file) throws IOException, GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
        String text = encoded(pair.getPrivate().getEncoded()) + "\n"
                + encoded(pair.getPublic().getEncoded()) + "\n";
        Path fresh = file.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? Files.createTempFile(folder, FILE, ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY))
                : Files.createTempFile(folder, FILE, ".new");
        try {
            Files.writeString(
                    fresh, text, StandardCharsets.US_ASCII, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
            link(fresh, file);
        } catch (FileAlreadyExistsException e) {
            // Someone else made it meanwhile: that one counts.
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static void link(Path fresh, Path file) throws IOException {
        try {
            Files.createLink(file, fresh);
        } catch (UnsupportedOperationException e) {
            Files.copy(fresh, file);
        }
    }

    private static String encoded(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** The public key as X.509 in base64. */
    String publicKey() {
        return encoded(publicKey.getEncoded());
    }

    String keyId() {
        return keyId(publicKey.getEncoded());
    }

    /** The first half of its SHA-256, in hex. */
    static String keyId(byte[] publicKey) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(publicKey);
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    String sign(byte[] document) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(privateKey);
            signature.update(document);
            return encoded(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("evidence cannot be signed", e);
        }
    }

    /** @throws IllegalArgumentException when key or signature are none */
    static boolean verifies(byte[] publicKey, byte[] document, byte[] value) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(publicKey)));
            signature.update(document);
            return signature.verify(value);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
