package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** {@code docs/security.md} and the tests that say {@link Shows} tell the same, in both directions. */
class SecurityDocumentTest {
    private static final Pattern NAMED = Pattern.compile("`([\\w.]+(?:#\\w+)?)`");
    private static final Pattern ASVS = Pattern.compile("\\d{1,2}\\.\\d{1,2}\\.\\d{1,2}");

    /** @param open why nothing shows it, or what of it is not shown; empty: all is */
    private record Line(String id, String asvs, Set<String> shownBy, String open) {}

    private static List<Line> lines() throws IOException {
        List<Line> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("docs/security.md"))) {
            if (line.matches("\\| S\\d+ \\|.*")) {
                List<String> cells = Arrays.stream(
                                line.substring(1, line.length() - 1).split("\\|", -1))
                        .map(String::strip)
                        .toList();
                assertThat(cells).as(line).hasSize(5);
                Set<String> shown = NAMED.matcher(cells.get(3))
                        .results()
                        .map(named -> named.group(1))
                        .collect(Collectors.toCollection(TreeSet::new));
                lines.add(new Line(cells.get(0), cells.get(1), shown, cells.get(4)));
            }
        }
        return lines;
    }

    @Test
    void the_document_and_the_tests_name_each_other() throws IOException {
        Set<String> written = new TreeSet<>();
        lines().forEach(line -> line.shownBy().forEach(test -> written.add(line.id() + " " + test)));
        assertThat(written).isEqualTo(said());
    }

    /** Each id with each test that says that it shows it. */
    private static Set<String> said() {
        Set<String> said = new TreeSet<>();
        for (JavaClass type : new ClassFileImporter().importPackages("dev.wireproof")) {
            if (type.isAnnotatedWith(Shows.class)) {
                note(said, type.getAnnotationOfType(Shows.class), name(type));
            }
            type.getMethods().stream()
                    .filter(method -> method.isAnnotatedWith(Shows.class))
                    .forEach(method -> {
                        assertThat(runs(method.reflect()))
                                .as(method.getFullName())
                                .isTrue();
                        note(said, method.getAnnotationOfType(Shows.class), name(type) + "#" + method.getName());
                    });
        }
        return said;
    }

    private static String name(JavaClass type) {
        return type.getName().substring("dev.wireproof.".length());
    }

    private static void note(Set<String> said, Shows shows, String test) {
        Arrays.stream(shows.value()).forEach(id -> said.add(id + " " + test));
    }

    private static boolean runs(Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class);
    }

    @Test
    void what_no_test_shows_is_said_to_be_open_with_the_reason() throws IOException {
        assertThat(lines()).isNotEmpty().allSatisfy(line -> {
            if (line.shownBy().isEmpty()) {
                assertThat(line.open()).as(line.id()).hasSizeGreaterThan(10);
            }
        });
    }

    @Test
    void every_line_stands_once_and_names_requirements_of_asvs_by_number() throws IOException {
        assertThat(lines()).extracting(Line::id).doesNotHaveDuplicates();
        assertThat(lines()).allSatisfy(line -> {
            if (!line.asvs().isEmpty()) {
                assertThat(line.asvs().split(", "))
                        .allSatisfy(number -> assertThat(number).matches(ASVS));
            }
        });
    }
}
