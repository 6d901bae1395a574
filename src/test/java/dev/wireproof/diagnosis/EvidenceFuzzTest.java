package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvidenceFuzzTest {
    @TempDir
    private Path folder;

    /** Found by changing files at random. */
    @Test
    void what_stands_beside_the_signed_document_makes_it_no_evidence() throws Exception {
        EvidenceKey key = EvidenceKey.in(folder);
        Map<String, Object> document = Map.of("format", EvidenceBundle.FORMAT);
        Map<String, Object> signature = Map.of(
                "algorithm", EvidenceKey.ALGORITHM,
                "key_id", key.keyId(),
                "public_key", key.publicKey(),
                "value", key.sign(CanonicalJson.bytes(document)));
        Map<String, Object> more = new LinkedHashMap<>(signature);
        more.put("remark", "unsigned");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        for (Map<String, Object> file : List.<Map<String, Object>>of(
                Map.of("document", document, "signature", more),
                Map.of("document", document, "signature", signature, "remark", "unsigned"))) {
            Path written = Files.write(folder.resolve("evidence.json"), CanonicalJson.bytes(file));
            assertThat(VerifyEvidence.run(new String[] {written.toString()}, nowhere, nowhere))
                    .isEqualTo(VerifyEvidence.CHANGED);
        }
    }

    @Test
    void no_file_breaks_the_check_of_evidence_and_none_but_the_signed_one_passes() throws Exception {
        EvidenceKey key = EvidenceKey.in(folder);
        Map<String, Object> document = Map.of(
                "format",
                EvidenceBundle.FORMAT,
                "command",
                Map.of("id", "a", "script", "echo \"ü\u0001\n\"", "n", 12L));
        byte[] good = CanonicalJson.bytes(Map.of(
                "document",
                document,
                "signature",
                Map.of(
                        "algorithm", EvidenceKey.ALGORITHM,
                        "key_id", key.keyId(),
                        "public_key", key.publicKey(),
                        "value", key.sign(CanonicalJson.bytes(document)))));
        Path file = folder.resolve("evidence.json");
        Mutations.of(List.of(good), 4, input -> {
            Files.write(file, input);
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
            int status = VerifyEvidence.run(new String[] {file.toString()}, out, out);
            // Line ends behind it are an editor's.
            boolean same = new String(input, StandardCharsets.ISO_8859_1)
                    .replaceAll("[\r\n]+\\z", "")
                    .equals(new String(good, StandardCharsets.ISO_8859_1));
            assertThat(status).isEqualTo(same ? VerifyEvidence.GOOD : VerifyEvidence.CHANGED);
        });
    }
}
