package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

class AlertRulesTest {
    private static final Path RULES = Path.of("docker/prometheus/rules/wireproof.yml");
    private static final List<Path> TESTS =
            List.of(RULES.resolveSibling("wireproof.test.yml"), RULES.resolveSibling("wireproof.slow.test.yml"));

    @Test
    void every_alert_says_whom_to_wake_and_links_to_a_section_of_the_runbook_and_every_section_has_its_alert()
            throws IOException {
        List<String> sections = Files.readAllLines(Path.of("docs/operations.md")).stream()
                .filter(line -> line.startsWith("### Wireproof"))
                .map(line -> line.substring(4))
                .toList();
        List<String> names = new ArrayList<>();
        for (Map<String, Object> alert : alerts()) {
            String name = (String) Objects.requireNonNull(alert.get("alert"));
            names.add(name);
            assertThat(map(alert, "labels").get("severity")).as(name).isIn("page", "ticket");
            assertThat(map(alert, "annotations"))
                    .as(name)
                    .containsKeys("summary", "description")
                    .containsEntry("runbook_url", "docs/operations.md#" + name.toLowerCase(Locale.ROOT));
        }
        assertThat(names).doesNotHaveDuplicates();
        assertThat(sections).containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void every_alert_is_tested_both_ways() throws IOException {
        List<String> tested = new ArrayList<>();
        for (Path file : TESTS) {
            Map<String, Object> document = new Yaml().load(Files.readString(file));
            for (Object test : (List<?>) Objects.requireNonNull(document.get("tests"))) {
                tested.add((String) ((Map<?, ?>) test).get("name"));
            }
        }
        List<String> wanted = new ArrayList<>();
        for (Map<String, Object> alert : alerts()) {
            wanted.add(alert.get("alert") + " fires");
            wanted.add(alert.get("alert") + " is silent");
        }
        assertThat(tested).containsExactlyInAnyOrderElementsOf(wanted);
    }

    @Test
    void an_alert_reads_only_metrics_that_are_documented() throws IOException {
        String document = Files.readString(Path.of("docs/metrics.md"));
        Set<String> read = new java.util.TreeSet<>();
        for (Map<String, Object> alert : rules()) {
            var name = java.util.regex.Pattern.compile("wireproof_[a-z_]+").matcher((String) alert.get("expr"));
            while (name.find()) {
                read.add(name.group().replaceAll("_(bucket|count|sum)$", ""));
            }
        }
        assertThat(read).isNotEmpty().allSatisfy(metric -> assertThat(document).contains("`" + metric + "`"));
    }

    private static List<Map<String, Object>> alerts() throws IOException {
        return rules().stream().filter(rule -> rule.containsKey("alert")).toList();
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> rules() throws IOException {
        List<Map<String, Object>> rules = new ArrayList<>();
        Map<String, Object> document = new Yaml().load(Files.readString(RULES));
        for (Object group : (List<?>) Objects.requireNonNull(document.get("groups"))) {
            rules.addAll((List<Map<String, Object>>) ((Map<?, ?>) group).get("rules"));
        }
        return rules;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> of, String key) {
        return (Map<String, Object>) Objects.requireNonNull(of.get(key));
    }
}
