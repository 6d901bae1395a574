package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Shows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A signed file of evidence: any changed byte is found, without a server. */
class EvidenceFileTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    private static byte[] file(EvidenceKey key) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("format", EvidenceBundle.FORMAT);
        document.put("made_at", "2026-03-29T01:00:00.000000Z");
        document.put(
                "command",
                Map.of("id", "a", "state", "succeeded", "certainty", "executed", "script", "echo \"ü\u0001\n\u2028\""));
        document.put("timeline", List.of(Map.of("at_ns", 12L, "live", true)));
        return signed(key, document);
    }

    private static byte[] signed(EvidenceKey key, Map<String, Object> document) {
        return CanonicalJson.bytes(Map.of(
                "document",
                document,
                "signature",
                Map.of(
                        "algorithm", EvidenceKey.ALGORITHM,
                        "key_id", key.keyId(),
                        "public_key", key.publicKey(),
                        "value", key.sign(CanonicalJson.bytes(document)))));
    }

    @Test
    @Shows("S39")
    void no_file_steers_the_terminal_in_which_it_is_checked() throws IOException {
        EvidenceKey own = EvidenceKey.in(folder);
        String steering = "\u001b[2J\u009b1A\u202e\r\nIt is the key that was given.";
        Map<String, Object> document = Map.of(
                "format",
                EvidenceBundle.FORMAT,
                "made_at",
                steering,
                "command",
                Map.of("id", steering, "state", steering, "certainty", steering));
        assertThat(verify(signed(own, document))).isZero();
        assertThat(verify("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(1);
        assertThat(verify("{\"a\":x\u001b[2J\u009b1A}".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(1);
        String told = said.toString(StandardCharsets.UTF_8);
        assertThat(told).contains("VALID: unchanged", "NOT VALID: ");
        assertThat(told.chars().filter(c -> c != '\n' && (Character.isISOControl(c) || c == 0x202e)))
                .isEmpty();
        assertThat(told.lines()).noneMatch(line -> line.startsWith("It is the key"));
    }

    private int verify(byte[] bytes, String... more) throws IOException {
        Path file = folder.resolve("evidence.json");
        Files.write(file, bytes);
        String[] arguments = new String[1 + more.length];
        arguments[0] = file.toString();
        System.arraycopy(more, 0, arguments, 1, more.length);
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        return VerifyEvidence.run(arguments, out, out);
    }

    @Test
    void what_was_signed_is_valid_and_the_key_is_told() throws IOException {
        EvidenceKey key = EvidenceKey.in(folder);

        assertThat(verify(file(key))).isZero();
        assertThat(said.toString(StandardCharsets.UTF_8))
                .startsWith("VALID: unchanged since it was signed at 2026-03-29T01:00:00.000000Z")
                .contains(key.publicKey());
        assertThat(verify(file(key), "--public-key", key.publicKey())).isZero();
    }

    @Test
    void each_changed_byte_is_found() throws IOException {
        byte[] good = file(EvidenceKey.in(folder));
        for (int at = 0; at < good.length; at++) {
            byte[] changed = good.clone();
            changed[at] ^= 1;
            assertThat(verify(changed)).as("byte %d of %d", at, good.length).isEqualTo(1);
        }
    }

    @Test
    void each_byte_that_is_missing_or_added_is_found() throws IOException {
        String good = new String(file(EvidenceKey.in(folder)), StandardCharsets.UTF_8);
        for (int at = 0; at < good.length(); at++) {
            String shorter = good.substring(0, at) + good.substring(at + 1);
            String longer = good.substring(0, at) + " " + good.substring(at);
            assertThat(verify(shorter.getBytes(StandardCharsets.UTF_8)))
                    .as("without %d", at)
                    .isEqualTo(1);
            assertThat(verify(longer.getBytes(StandardCharsets.UTF_8)))
                    .as("a space at %d", at)
                    .isEqualTo(1);
        }
    }

    @Test
    void a_file_that_another_key_signed_is_valid_by_itself_and_not_for_who_knows_the_right_one() throws IOException {
        EvidenceKey mine = EvidenceKey.in(folder);
        EvidenceKey other = EvidenceKey.in(folder.resolve("elsewhere"));

        assertThat(verify(file(other))).isZero();
        assertThat(verify(file(other), "--public-key", mine.publicKey())).isEqualTo(1);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("NOT VALID: it is signed by another key");
    }

    @Test
    void what_is_no_evidence_says_so_in_one_line_and_a_wrong_call_tells_the_right_one() throws IOException {
        for (String text :
                List.of("", "{", "[]", "{}", "{\"document\":{\"format\":\"wireproof-evidence/1\"}}", "1.5")) {
            assertThat(verify(text.getBytes(StandardCharsets.UTF_8))).as(text).isEqualTo(1);
        }
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        assertThat(VerifyEvidence.run(new String[0], out, out)).isEqualTo(2);
        assertThat(VerifyEvidence.run(new String[] {folder.resolve("none").toString()}, out, out))
                .isEqualTo(2);
    }

    @Test
    void the_key_is_kept_and_only_its_owner_reads_it() throws IOException {
        EvidenceKey made = EvidenceKey.in(folder);

        assertThat(EvidenceKey.in(folder).publicKey()).isEqualTo(made.publicKey());
        Path file = folder.resolve("keys/evidence-ed25519.key");
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
    }
}
