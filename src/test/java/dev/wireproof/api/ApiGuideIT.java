package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.testkit.RunningServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command in {@code docs/api.md} runs, in its order, against a real server with one agent. */
class ApiGuideIT {
    private static final Pattern SHELL = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);

    private static void needs(String program) {
        boolean there = Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        assumeTrue(there, program + " is not on this machine, and the guide's commands need it");
    }

    @Test
    void the_guide_works_as_it_stands(@TempDir Path folder) throws Exception {
        needs("sh");
        needs("curl");
        needs("jq");
        StringBuilder script = new StringBuilder("set -eu\n");
        SHELL.matcher(Files.readString(Path.of("docs/api.md")))
                .results()
                .forEach(block -> script.append(block.group(1)));
        assertThat(script.toString()).contains("/echo").contains("/events").contains("Idempotency-Key");
        Path file = Files.writeString(folder.resolve("guide.sh"), script);
        try (RunningServer server = RunningServer.start();
                WillingAgent agent = WillingAgent.on(server)) {
            ProcessBuilder shell = new ProcessBuilder("sh", file.toString()).redirectErrorStream(true);
            shell.environment().put("SERVER", "http://127.0.0.1:" + server.port());
            shell.environment().put("TOKEN", RunningServer.ADMIN);
            Process process = shell.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            assertThat(output)
                    .contains("\"state\": \"succeeded\"")
                    .contains("event:end")
                    .contains("X-Output-Complete: true")
                    .contains("\"rung\": \"ACKED\"")
                    .contains("\"field\":\"timeout_s\"")
                    .contains("\"field\":\"effect\"")
                    .contains("not-redeliverable")
                    .contains("\"close_code\": 4410")
                    .contains("\"secret\": \"wpe_");
        }
    }
}
