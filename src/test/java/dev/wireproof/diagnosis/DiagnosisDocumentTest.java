package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.NamedTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The technician's document explains every verdict, in the rules' order. */
class DiagnosisDocumentTest {

    @Test
    void every_verdict_has_its_section_with_its_four_parts_in_the_rules_order() throws IOException {
        List<String> sections = new ArrayList<>();
        String document = Files.readString(Path.of("docs/diagnosis.md"));
        for (String section : document.split("\n### ", -1)) {
            if (section.startsWith("`")) {
                sections.add(section.substring(1, section.indexOf('`', 1)));
                assertThat(section).contains("**Seen:**", "**Means:**", "**Do:**", "**Does not mean:**");
            }
        }
        assertThat(sections)
                .containsExactlyElementsOf(
                        Arrays.stream(Verdict.values()).map(Verdict::wireName).toList());
    }

    @Test
    void every_verdict_names_a_test_in_which_a_peer_that_really_behaves_so_produced_it() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("docs/diagnosis.md")).stream()
                .filter(line -> line.matches("\\| `[a-z_]+` \\|.*#.*"))
                .toList();
        assertThat(rows.stream().map(row -> row.split("`", 3)[1]).toList())
                .containsExactlyElementsOf(
                        Arrays.stream(Verdict.values()).map(Verdict::wireName).toList());
        assertThat(rows)
                .allSatisfy(
                        row -> assertThat(NamedTests.missingFrom(row)).as(row).isEmpty());
    }
}
