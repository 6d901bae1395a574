package dev.wireproof.signing;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@code wireproof-server.jar rotate-signing-key HOME [PUBLIC_KEY]}: lets the key in {@code HOME/keys} sign for its successor: for the public
 * key that is given (X.509 in base64; it lives in a token, say), or for a new one, which takes the file's place. The server uses it from its
 * next start on.
 */
public final class RotateSigningKey {
    private static final String USAGE = "usage: rotate-signing-key HOME [PUBLIC_KEY]";

    private RotateSigningKey() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        if (arguments.length < 1 || arguments.length > 2) {
            err.println(USAGE);
            return 2;
        }
        Path keys = Path.of(arguments[0]).resolve("keys");
        Path file = keys.resolve(SigningConfiguration.FILE);
        if (!Files.exists(file)) {
            err.println("rotate-signing-key: there is no key to follow: " + file);
            return 2;
        }
        try {
            KeyRing ring = new KeyRing(keys);
            CommandSigner before = FileSigner.read(file);
            ring.with(before);
            if (arguments.length == 2) {
                ring.endorse(arguments[1], before);
                out.println(arguments[1]);
                return 0;
            }
            // Written down before it takes the place: cut off in between, the old key still stands and the new one is
            // merely unused.
            Path next = keys.resolve(SigningConfiguration.FILE + ".next");
            CommandSigner after = FileSigner.create(next);
            ring.endorse(after.publicKey(), before);
            Files.move(
                    next,
                    file,
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            out.println(after.publicKey());
            return 0;
        } catch (java.io.IOException | SignerAwayException | RuntimeException e) {
            err.println("rotate-signing-key: " + e.getMessage());
            return 1;
        }
    }
}
