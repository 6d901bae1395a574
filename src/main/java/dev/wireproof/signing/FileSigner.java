package dev.wireproof.signing;

import dev.wireproof.protocol.SigningKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/** A key in a file of two lines, private (PKCS #8) and public (X.509), in base64; only the server's user may read it. */
final class FileSigner implements CommandSigner {
    private final PrivateKey privateKey;
    private final String publicKey;

    private FileSigner(PrivateKey privateKey, String publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    static FileSigner read(Path file) {
        try {
            List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
            if (lines.size() < 2) {
                throw new IllegalStateException(file + " is no signing key: restore it");
            }
            PrivateKey key = KeyFactory.getInstance(SigningKeys.ALGORITHM)
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines.get(0))));
            FileSigner signer = new FileSigner(key, lines.get(1));
            byte[] probe = {1};
            String signed = Base64.getEncoder().encodeToString(signer.sign(probe));
            if (!SigningKeys.verifies(signer.publicKey(), probe, signed)) {
                throw new IllegalStateException(file + " holds two keys that do not belong together: restore it");
            }
            return signer;
        } catch (IOException e) {
            throw new UncheckedIOException("the signing key cannot be read: " + file, e);
        } catch (GeneralSecurityException | IllegalArgumentException | SignerAwayException e) {
            throw new IllegalStateException(file + " is no signing key: restore it", e);
        }
    }

    /** A new key takes the file's place, if there is one, in one step. */
    static FileSigner create(Path file) {
        try {
            Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
            Files.createDirectories(folder);
            KeyPair pair = KeyPairGenerator.getInstance(SigningKeys.ALGORITHM).generateKeyPair();
            Path fresh = folder.getFileSystem().supportedFileAttributeViews().contains("posix")
                    ? Files.createTempFile(
                            folder,
                            "signing",
                            ".new",
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                    : Files.createTempFile(folder, "signing", ".new");
            Base64.Encoder base64 = Base64.getEncoder();
            Files.writeString(
                    fresh,
                    base64.encodeToString(pair.getPrivate().getEncoded()) + "\n"
                            + base64.encodeToString(pair.getPublic().getEncoded()) + "\n",
                    StandardCharsets.US_ASCII,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.SYNC);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return read(file);
        } catch (IOException e) {
            throw new UncheckedIOException("the signing key cannot be made: " + file, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform of these days has Ed25519", e);
        }
    }

    @Override
    public String publicKey() {
        return publicKey;
    }

    @Override
    public byte[] sign(byte[] text) throws SignerAwayException {
        try {
            Signature signature = Signature.getInstance(SigningKeys.ALGORITHM);
            signature.initSign(privateKey);
            signature.update(text);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new SignerAwayException("the signing key cannot be used", e);
        }
    }

    /** Secrets do not belong in logs. */
    @Override
    public String toString() {
        return "FileSigner[" + SigningKeys.keyId(publicKey) + "]";
    }
}
