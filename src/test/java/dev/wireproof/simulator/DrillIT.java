package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TcpProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestReporter;

/**
 * Every fault and every combination once on each way, over real WebSockets, all at the same time and in random order: a diagnosis may say
 * too little, and never blames what is not at fault. A hundred runs of each are a command in docs/diagnosis.md.
 */
@TestInstance(Lifecycle.PER_CLASS)
class DrillIT {
    private static final String DEFAULT_SITE = "00000000-0000-7000-8000-000000000001";
    /** A command's own 10 s, the 5 s that its agent may need beyond it, and a Ping interval. */
    private static final Duration WATCH = Duration.ofSeconds(22);

    private static final int AT_A_TIME = 100;

    private RunningServer server;
    private AutoCloseable proxy;
    private int proxyPort;

    @BeforeAll
    void start() throws IOException {
        server = RunningServer.start(
                "wireproof.delivery.ack-wait=3s",
                "wireproof.diagnosis.answer-wait=4s",
                "wireproof.connection.trusted-proxies=127.0.0.1");
        Optional<Path> nginx = NginxInFront.installed();
        if (nginx.isPresent()) {
            NginxInFront started = NginxInFront.of(nginx.get(), server.port());
            proxy = started;
            proxyPort = started.port();
        } else {
            TcpProxy plain = TcpProxy.to(server.port());
            proxy = plain;
            proxyPort = plain.port();
        }
    }

    @AfterAll
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    @Test
    void every_fault_is_named_on_each_way_and_nothing_is_blamed_that_is_not_at_fault(TestReporter reporter)
            throws Exception {
        long seed = Long.getLong("wireproof.seed", System.nanoTime());
        reporter.publishEntry("wireproof.seed", Long.toString(seed));
        List<DrillCase> cases = DrillCase.all();
        Drill drill = new Drill(
                new Drill.Plan(
                        Endpoint.of("ws://127.0.0.1:" + server.port() + "/ws"),
                        Endpoint.of("ws://127.0.0.1:" + proxyPort + "/ws"),
                        URI.create("http://127.0.0.1:" + server.port()),
                        RunningServer.ADMIN,
                        RunningServer.ENROLLMENT,
                        1,
                        AT_A_TIME,
                        seed,
                        WATCH),
                _ -> {});
        drill.heartbeatsOften(DEFAULT_SITE);

        DrillMatrix matrix = drill.run(cases);

        assertThat(matrix.size()).isEqualTo(2 * cases.size());
        assertThat(matrix.overClaims()).as(matrix.render()).isEmpty();
        assertThat(matrix.exactShare()).as(matrix.render()).isGreaterThanOrEqualTo(DrillMatrix.EXACT_ENOUGH);
    }

    @Test
    void every_fault_that_the_simulator_knows_is_drilled() {
        assertThat(DrillCase.all())
                .extracting(one -> one.behaviour().get().fault())
                .contains(Fault.values());
    }
}
