package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.NamedTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/reliability.md} claims nothing that no test shows. */
class ReliabilityDocumentTest {
    /** @param cells without the first one, which is the id */
    private record Row(String section, String id, List<String> cells) {}

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        String section = "";
        for (String line : Files.readAllLines(Path.of("docs/reliability.md"))) {
            if (line.startsWith("## ")) {
                section = line.substring(3).strip();
            } else if (line.matches("\\| [A-I]\\d+ \\|.*") && !section.equals("Figures")) {
                List<String> cells = Arrays.stream(
                                line.substring(2, line.length() - 1).split("\\|", -1))
                        .map(String::strip)
                        .toList();
                rows.add(new Row(section, cells.getFirst(), cells.subList(1, cells.size())));
            }
        }
        return rows;
    }

    private static Stream<Row> waiting() throws IOException {
        return rows().stream().filter(row -> row.section().equals("Waiting"));
    }

    @Test
    void every_fault_that_is_said_to_be_survived_names_a_test_that_is_there() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Row row : rows()) {
            if (row.section().equals("Waiting")) {
                continue;
            }
            NamedTests.missingFrom(row.cells().getLast()).forEach(missed -> missing.add(row.id() + " " + missed));
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void what_names_no_test_waits_with_a_reason() throws IOException {
        assertThat(waiting())
                .allSatisfy(row -> assertThat(row.cells().getLast())
                        .as(row.id())
                        .hasSizeGreaterThan(10)
                        .doesNotContain("#"));
    }

    @Test
    void every_fault_stands_once() throws IOException {
        assertThat(rows()).extracting(Row::id).doesNotHaveDuplicates().hasSize(79);
    }
}
