package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is in the jars, and that whoever builds the same sources gets the same bytes. */
class SupplyChainIT {
    private static final String BILL = "META-INF/sbom/application.cdx.json";

    @Test
    @Shows("S44")
    void the_jar_carries_a_bill_of_materials_that_names_each_library_in_it() throws IOException {
        try (ZipFile jar = new ZipFile(System.getProperty("wireproof.server.jar"))) {
            Set<String> named = StreamSupport.stream(
                            json(jar, BILL).path("components").spliterator(), false)
                    .map(one -> one.path("name").asString() + "-"
                            + one.path("version").asString() + ".jar")
                    .collect(Collectors.toCollection(TreeSet::new));
            List<String> libraries = jar.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.startsWith("BOOT-INF/lib/") && name.endsWith(".jar"))
                    .map(name -> name.substring("BOOT-INF/lib/".length()))
                    // Spring Boot's own packager puts it there, after the build has named what it depends on.
                    .filter(name -> !name.startsWith("spring-boot-jarmode-tools-"))
                    .toList();
            assertThat(libraries)
                    .hasSizeGreaterThan(50)
                    .allSatisfy(library -> assertThat(named).contains(library));
        }
    }

    private static JsonNode json(ZipFile jar, String entry) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getEntry(entry))) {
            return new JsonMapper().readTree(in);
        }
    }

    /** As if a hole had been found in what is used now: the rule is asked alone, as the build asks it first. */
    @ParameterizedTest
    @ValueSource(strings = {"spring", "jetty"})
    @Shows("S44")
    void a_version_that_is_known_to_be_bad_ends_the_build(String what) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("./mvnw", "-o", "-q", "-B", "enforcer:enforce@known-bad", "-Dknown-bad." + what + "=(,99)"));
        String repository = System.getProperty("maven.repo.local");
        if (repository != null) {
            command.add("-Dmaven.repo.local=" + repository);
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process maven = builder.start();
        String said = new String(maven.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(maven.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(maven.exitValue()).as(said).isNotZero();
        assertThat(said)
                .contains("a version with known holes")
                .containsPattern(
                        what.equals("spring") ? "org.springframework:spring-core" : "org.eclipse.jetty:jetty-");
    }

    @Test
    @Shows("S45")
    void nothing_in_the_jars_tells_when_or_where_they_were_built() throws IOException {
        Instant fixed = fixedTime();
        // A jar's entry has a time without a zone, or also one that a reader turns into its own.
        Set<LocalDateTime> same = Set.of(
                LocalDateTime.ofInstant(fixed, ZoneOffset.UTC), LocalDateTime.ofInstant(fixed, ZoneId.systemDefault()));
        for (String property : List.of("wireproof.server.jar", "wireproof.agent.jar")) {
            try (ZipFile jar = new ZipFile(System.getProperty(property))) {
                assertThat(jar.stream().filter(entry -> entry.getName().contains("dev/wireproof/")))
                        .isNotEmpty()
                        .allSatisfy(entry ->
                                assertThat(same).as(property + " " + entry).contains(entry.getTimeLocal()));
                assertThat(jar.stream().map(ZipEntry::getName)).doesNotHaveDuplicates();
            }
        }
        try (ZipFile jar = new ZipFile(System.getProperty("wireproof.server.jar"))) {
            Properties info = new Properties();
            try (InputStream in = jar.getInputStream(jar.getEntry("META-INF/build-info.properties"))) {
                info.load(in);
            }
            assertThat(Instant.parse(info.getProperty("build.time"))).isEqualTo(fixed);
            assertThat(json(jar, BILL).path("metadata").has("timestamp")).isFalse();
        }
    }

    private static Instant fixedTime() throws IOException {
        var found = Pattern.compile("<project.build.outputTimestamp>([^<]+)<")
                .matcher(Files.readString(Path.of("pom.xml")));
        assertThat(found.find()).isTrue();
        return Instant.parse(found.group(1));
    }
}
