package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.wireproof.testkit.Shows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** The check of a signed document of evidence under Jazzer: it never breaks, and what it prints never steers a terminal. */
@Shows("S30")
class EvidenceGuidedFuzzTest {
    static Stream<byte[]> documents() {
        Map<String, Object> document = Map.of("format", "wireproof-evidence", "command", Map.of("id", "\u001b[2J"));
        return Stream.of(
                CanonicalJson.bytes(Map.of(
                        "document",
                        document,
                        "signature",
                        Map.of(
                                "algorithm",
                                EvidenceKey.ALGORITHM,
                                "key_id",
                                "\u001b]0;x",
                                "public_key",
                                "k",
                                "value",
                                "v"))),
                "{\"\u001b[31m\":1}".getBytes(StandardCharsets.UTF_8),
                "\u001b[2J".getBytes(StandardCharsets.UTF_8));
    }

    @MethodSource("documents")
    @FuzzTest(maxDuration = "10m")
    void no_document_breaks_the_check_or_steers_the_terminal_of_whoever_runs_it(byte[] input) throws IOException {
        Path file = Files.createTempFile("evidence", ".json");
        try {
            Files.write(file, input);
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
            assertThat(VerifyEvidence.run(new String[] {file.toString()}, out, out))
                    .isNotEqualTo(VerifyEvidence.GOOD);
            assertThat(said.toString(StandardCharsets.UTF_8).replace("\n", "").chars())
                    .noneMatch(Character::isISOControl);
        } finally {
            Files.delete(file);
        }
    }
}
