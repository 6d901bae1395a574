package dev.wireproof.signing;

import dev.wireproof.protocol.ServerMessage.SigningKey;
import dev.wireproof.protocol.SigningKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * The public keys that agents are told, a file with one in each line: the key, and from the second on the id of the key before it and what
 * that one signed. Nothing in it is secret, and nothing in it makes an agent believe in a key that no earlier one signed.
 */
final class KeyRing {
    private static final String FILE = "signing-keys.public";

    private final Path file;

    KeyRing(Path keys) {
        this.file = keys.resolve(FILE);
    }

    /** @return oldest first; empty when there is none yet */
    List<SigningKey> read() {
        try {
            List<SigningKey> all = new ArrayList<>();
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
                    String[] parts = line.strip().split(" ");
                    if (!parts[0].isEmpty()) {
                        all.add(new SigningKey(
                                SigningKeys.keyId(parts[0]),
                                parts[0],
                                parts.length > 2 ? parts[1] : null,
                                parts.length > 2 ? parts[2] : null));
                    }
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException("the list of signing keys cannot be read: " + file, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(file + " has a line that is no key: restore it", e);
        }
    }

    /** The keys, with this signer's among them. A first one is written down. */
    List<SigningKey> with(CommandSigner signer) {
        List<SigningKey> known = read();
        if (known.isEmpty()) {
            append(signer.publicKey());
            return read();
        }
        if (known.stream().noneMatch(key -> key.publicKey().equals(signer.publicKey()))) {
            throw new IllegalStateException(
                    "the signing key " + SigningKeys.keyId(signer.publicKey()) + " is not in " + file
                            + ", so no agent would believe it: let the key before it sign for it with"
                            + " rotate-signing-key");
        }
        return known;
    }

    /** From its next Auth on each agent believes the new key, because it believes the one that signs here. */
    void endorse(String publicKey, CommandSigner by) throws SignerAwayException {
        String value = Base64.getEncoder().encodeToString(by.sign(SigningKeys.endorsement(publicKey)));
        append(publicKey + " " + SigningKeys.keyId(by.publicKey()) + " " + value);
    }

    private void append(String line) {
        try {
            Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
            Files.writeString(
                    file,
                    line + "\n",
                    StandardCharsets.US_ASCII,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND,
                    StandardOpenOption.SYNC);
        } catch (IOException e) {
            throw new UncheckedIOException("the list of signing keys cannot be written: " + file, e);
        }
    }
}
