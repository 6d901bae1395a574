package dev.wireproof;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;

/** The room table of {@code docs/architecture.md} is the law, read from there: the map cannot drift from the land. */
class ArchitectureTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.wireproof");

    static Map<String, List<String>> map() throws IOException {
        Map<String, List<String>> rooms = new LinkedHashMap<>();
        for (String line : Files.readAllLines(Path.of("docs/architecture.md"))) {
            String[] cells = line.split("\\|", -1);
            if (cells.length == 5 && cells[1].strip().matches("[a-z]+") && !cells[1].contains("room ")) {
                rooms.put(
                        cells[1].strip(),
                        Arrays.stream(cells[3].split(","))
                                .map(String::strip)
                                .filter(name -> !name.isEmpty())
                                .toList());
            }
        }
        rooms.remove("room");
        return rooms;
    }

    static List<String> rooms() throws IOException {
        return List.copyOf(map().keySet());
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void a_room_uses_only_what_the_map_allows(String room) throws IOException {
        List<String> names = new ArrayList<>(map().getOrDefault(room, List.of()));
        names.add(room);
        String[] allowed =
                names.stream().map(name -> "dev.wireproof." + name + "..").toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("dev.wireproof." + room + "..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("dev.wireproof..").and(DescribedPredicate.not(resideInAnyPackage(allowed))))
                .allowEmptyShould(true)
                .check(CODE);
    }

    @Test
    void every_room_is_on_the_map_and_has_a_door_sign() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("src/main/java/dev/wireproof"))) {
            List<Path> rooms = folders.filter(Files::isDirectory).toList();
            assertThat(rooms).extracting(room -> room.getFileName().toString()).isSubsetOf(rooms());
            assertThat(rooms)
                    .allSatisfy(room ->
                            assertThat(room.resolve("package-info.java")).exists());
        }
    }

    @Test
    void rooms_form_no_circle() {
        slices().matching("dev.wireproof.(*)..").should().beFreeOfCycles().check(CODE);
    }

    @Test
    void only_the_root_the_agent_and_the_simulator_read_the_machines_clock() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.wireproof", "dev.wireproof.agent..", "dev.wireproof.simulator..")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Clock.class, "systemDefaultZone")
                .check(CODE);
    }

    @Test
    void collaborators_come_through_constructors() {
        noFields().should().beAnnotatedWith(Autowired.class).check(CODE);
    }

    @Test
    void the_agents_jar_needs_only_the_jdk_and_jackson() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.wireproof.id..", "dev.wireproof.protocol..", "dev.wireproof.agent..")
                .should()
                .dependOnClassesThat(DescribedPredicate.not(resideInAnyPackage(
                        "java..",
                        "javax..",
                        "jdk..",
                        "com.sun..",
                        "tools.jackson..",
                        "com.fasterxml.jackson.annotation..",
                        "org.jspecify..",
                        "dev.wireproof.id..",
                        "dev.wireproof.protocol..",
                        "dev.wireproof.agent..")))
                .allowEmptyShould(true)
                .check(CODE);
    }
}
