package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Faults of the server itself, which no agent can cause: they are put into its writer, and a diagnosis must name them. */
class FailpointsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static Connection connection(RunningServer server, RunningServer.Enrolled agent) {
        return server.bean(LiveConnections.class)
                .find(new ConnectionId(agent.welcome().connectionId().value()))
                .orElseThrow();
    }

    private static void set(Object target, String field, Object value) throws ReflectiveOperationException {
        Field found = target.getClass().getDeclaredField(field);
        found.setAccessible(true);
        found.set(target, value);
    }

    private static Object get(Object target, String field) throws ReflectiveOperationException {
        Field found = target.getClass().getDeclaredField(field);
        found.setAccessible(true);
        return found.get(target);
    }

    /** As if a thread had gone away in the middle of the writer's loop. @return false while one is in it */
    private static boolean stopped(Outbox outbox) throws ReflectiveOperationException {
        synchronized (outbox) {
            if (outbox.writing() != null || (boolean) get(outbox, "pumping")) {
                return false;
            }
            set(outbox, "pumping", true);
            return true;
        }
    }

    private static JsonNode diagnose(RunningServer server, String agent, int seconds) {
        String place = server.admin()
                .post("/api/v1/agents/" + agent + "/diagnoses", "{\"duration_s\":%d}".formatted(seconds))
                .header("location");
        return await().atMost(PATIENCE)
                .until(
                        () -> server.admin().get(place).json(),
                        diagnosis -> diagnosis.path("status").asString("").equals("done"));
    }

    /** Answers Pings and sends a heartbeat each time it is asked for something. */
    private static void beats(RawPeer peer, AtomicBoolean until) {
        Thread.startVirtualThread(() -> {
            long n = 0;
            while (!until.get()) {
                peer.send(new AgentMessage.Heartbeat(
                        ++n,
                        n,
                        new AgentMessage.RxCounters(3, 1, 900, 0, 1),
                        new AgentMessage.TxCounters(n, 200 * n),
                        List.of(),
                        0,
                        null,
                        null));
                java.util.concurrent.locks.LockSupport.parkNanos(500_000_000L);
            }
        });
    }

    @Test
    void a_writer_that_lost_its_wake_up_is_the_servers_fault() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (RunningServer server =
                        RunningServer.start("wireproof.delivery.ack-wait=1s", "wireproof.diagnosis.answer-wait=2s");
                RunningServer.Enrolled agent = server.enrol()) {
            Outbox outbox = connection(server, agent).outbox();
            await().atMost(PATIENCE).until(() -> stopped(outbox));
            beats(agent.peer(), done);

            JsonNode found = diagnose(server, agent.agentId(), 10);
            done.set(true);

            assertThat(found.path("verdict").asString()).as("%s", found).isEqualTo("server_not_writing");
            assertThat(found.path("fault_domain").asString()).isEqualTo("this server");
        }
    }

    @Test
    void a_write_that_fails_while_the_connection_lives_is_the_servers_socket() throws Exception {
        try (RunningServer server =
                        RunningServer.start("wireproof.delivery.ack-wait=1s", "wireproof.diagnosis.answer-wait=2s");
                RunningServer.Enrolled agent = server.enrol()) {
            Outbox outbox = connection(server, agent).outbox();
            Outbox.Wire real = (Outbox.Wire) get(outbox, "wire");
            set(outbox, "wire", (Outbox.Wire) frame -> {
                if ("Command".equals(frame.record(-1, null).type())) {
                    outbox.completed(new IOException("No buffer space available"));
                } else {
                    real.write(frame);
                }
            });

            JsonNode found = diagnose(server, agent.agentId(), 10);

            assertThat(found.path("verdict").asString()).as("%s", found).isEqualTo("server_write_failed");
            assertThat(found.path("evidence").toString()).contains("No buffer space available");
        }
    }
}
