package dev.wireproof.ops;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Debian's own Prometheus, scraping a server under test each second. */
final class RealPrometheus implements AutoCloseable {
    private final Process process;
    private final Http http;

    private RealPrometheus(Process process, Http http) {
        this.process = process;
        this.http = http;
    }

    /** The program's path. Without it the test is skipped, and says what would mend that. */
    static Path program(String name, String debianPackage) {
        for (String folder : List.of("/usr/bin", "/usr/sbin", "/usr/local/bin")) {
            Path path = Path.of(folder, name);
            if (Files.isExecutable(path)) {
                return path;
            }
        }
        String reason = "skipped: " + name + " is not on this machine (apt-get install " + debianPackage + ")";
        System.out.println(reason);
        return abort(reason);
    }

    /** @param rules a file of rules */
    static RealPrometheus start(Path folder, Path rules, int target) throws IOException {
        Path program = program("prometheus", "prometheus");
        int port = Ports.free();
        Path config =
                Files.writeString(folder.resolve("prometheus.yml"), """
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files: ["%s"]
            scrape_configs:
              - job_name: wireproof
                metrics_path: /actuator/prometheus
                static_configs:
                  - targets: ["127.0.0.1:%d"]
            """.formatted(rules.toAbsolutePath(), target));
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("prometheus.log").toFile())
                .start();
        return new RealPrometheus(process, Http.at(port, null));
    }

    boolean ready() {
        try {
            return http.get("/-/ready").status() == 200;
        } catch (AssertionError notListening) {
            return false;
        }
    }

    /** The result of an instant query. @throws AssertionError with Prometheus' own words when it refuses the expression */
    JsonNode query(String expression) {
        Http.Answer answer = http.get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        if (answer.status() != 200) {
            throw new AssertionError(expression + ": " + answer.text());
        }
        return answer.json().get("data").get("result");
    }

    /** Of a query with one sample; not a number when there is none. */
    double value(String expression) {
        JsonNode result = query(expression);
        return result.isEmpty()
                ? Double.NaN
                : Double.parseDouble(result.get(0).get("value").get(1).asString());
    }

    /** Names of the alerts that fire now. */
    Set<String> firing() {
        Set<String> names = new TreeSet<>();
        for (JsonNode alert : http.get("/api/v1/alerts").json().get("data").get("alerts")) {
            if (alert.get("state").asString().equals("firing")) {
                names.add(alert.get("labels").get("alertname").asString());
            }
        }
        return names;
    }

    @Override
    public void close() throws InterruptedException {
        http.close();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
