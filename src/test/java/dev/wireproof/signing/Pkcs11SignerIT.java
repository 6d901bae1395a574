package dev.wireproof.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.wireproof.protocol.SigningKeys;
import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real token of SoftHSM2, in a process of its own: the library reads where its tokens are from the environment, once. Skipped where it is
 * not installed.
 */
class Pkcs11SignerIT {
    static final Path LIBRARY = Path.of("/usr/lib/softhsm/libsofthsm2.so");

    @TempDir
    Path directory;

    @Test
    @Shows("S14")
    void a_key_in_a_token_signs_and_never_leaves_it() throws Exception {
        KeyPair pair = token();
        String expected = Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
        List<String> said = inAProcess("5678", "commands");
        assertThat(said).hasSize(3);
        assertThat(said.get(0)).isEqualTo(expected);
        assertThat(SigningKeys.verifies(said.get(0), "one".getBytes(StandardCharsets.UTF_8), said.get(1)))
                .isTrue();
        assertThat(SigningKeys.verifies(said.get(0), "two".getBytes(StandardCharsets.UTF_8), said.get(2)))
                .isTrue();
        assertThat(SigningKeys.verifies(said.get(0), "two".getBytes(StandardCharsets.UTF_8), said.get(1)))
                .isFalse();
    }

    @Test
    void a_wrong_pin_or_a_key_that_is_not_there_is_named() throws Exception {
        token();
        assertThat(String.join("\n", inAProcess("0000", "commands")))
                .contains("the key commands in the token wireproof of")
                .contains("C_Login answered 0xa0");
        assertThat(String.join("\n", inAProcess("5678", "others"))).contains("not one key has this label but 0");
    }

    @Test
    void without_a_pin_file_a_library_is_refused() {
        assertThatThrownBy(() -> new SignerSettings(LIBRARY, "wireproof", "commands", null))
                .hasMessageContaining("wireproof.signer.pkcs11-pin-file is missing");
    }

    /** Runs in the other process. */
    public static final class Signing {
        public static void main(String[] arguments) throws SignerAwayException {
            try {
                CommandSigner signer = new Pkcs11Signer(LIBRARY, "wireproof", arguments[1], Path.of(arguments[0]));
                System.out.println(signer.publicKey());
                for (String text : List.of("one", "two")) {
                    System.out.println(
                            Base64.getEncoder().encodeToString(signer.sign(text.getBytes(StandardCharsets.UTF_8))));
                }
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private List<String> inAProcess(String pin, String key) throws Exception {
        Path pinFile = Files.writeString(directory.resolve("pin"), pin + "\n");
        return run(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Signing.class.getName(),
                pinFile.toString(),
                key));
    }

    private KeyPair token() throws Exception {
        assumeThat(Files.exists(LIBRARY) && Files.exists(Path.of("/usr/bin/softhsm2-util")))
                .as("SoftHSM2 is not installed (Debian: softhsm2)")
                .isTrue();
        Files.createDirectories(directory.resolve("tokens"));
        Files.writeString(
                directory.resolve("softhsm2.conf"),
                "directories.tokendir = " + directory.resolve("tokens") + "\nobjectstore.backend = file\n");
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        Path pem = Files.writeString(
                directory.resolve("key.pem"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        run(List.of(
                "softhsm2-util",
                "--init-token",
                "--free",
                "--label",
                "wireproof",
                "--so-pin",
                "1234",
                "--pin",
                "5678"));
        run(List.of(
                "softhsm2-util",
                "--import",
                pem.toString(),
                "--token",
                "wireproof",
                "--label",
                "commands",
                "--id",
                "a1",
                "--pin",
                "5678"));
        return pair;
    }

    private List<String> run(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command)).redirectErrorStream(true);
        builder.environment()
                .put("SOFTHSM2_CONF", directory.resolve("softhsm2.conf").toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said.lines().toList();
    }
}
