package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The image itself, where there is a Docker that can make one. {@link ContainerLinesIT} does the same without. */
class ContainerImageIT {
    private static final String IMAGE = "wireproof-under-test";

    private record Said(int status, String text) {}

    @Test
    void the_image_starts_as_nobody_in_particular_and_stops_when_it_is_told_to() throws Exception {
        Path docker = RealPrometheus.program("docker", "docker.io");
        if (run(docker, "info").status() != 0) {
            throw skip("no Docker daemon answers on this machine");
        }
        Said built = run(docker, "build", "-q", "-f", "docker/Dockerfile", "-t", IMAGE, ".");
        if (built.status() != 0
                && built.text().matches("(?s).*(failed to resolve|dial tcp|i/o timeout|no such host).*")) {
            throw skip("the image's base cannot be fetched: " + built.text().strip());
        }
        assertThat(built.status()).as(built.text()).isZero();
        int port = Ports.free();
        Said started = run(
                docker,
                "run",
                "--detach",
                "--rm",
                "--publish",
                "127.0.0.1:" + port + ":8080",
                "--env",
                "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN=" + RunningServer.ADMIN,
                IMAGE);
        assertThat(started.status()).as(started.text()).isZero();
        String container = started.text().strip();
        try {
            Awaitility.await().atMost(Duration.ofSeconds(120)).until(() -> Http.ready(port));
            assertThat(run(docker, "exec", container, "id", "-u").text().strip())
                    .isEqualTo("10001");
        } finally {
            Said stopped = run(docker, "stop", "--time", "30", container);
            assertThat(stopped.status()).as(stopped.text()).isZero();
        }
    }

    private static RuntimeException skip(String reason) {
        System.out.println("skipped: " + reason);
        return abort(reason);
    }

    private static Said run(Path docker, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(docker.toString()));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), text);
    }
}
