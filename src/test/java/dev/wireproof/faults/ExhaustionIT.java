package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real server in a process of its own without memory, and without file descriptors. */
class ExhaustionIT {
    private static final int FILES = 400;

    @TempDir
    Path home;

    private final String direct = TestDatabase.freshUrl();
    private final WireTap tap = new WireTap();

    private LabServer server(List<String> before, List<String> flags) {
        return LabServer.start(before, flags, home, direct, "postgres", "", Map.of("WIREPROOF_DELIVERY_ACK_WAIT", "1s"))
                .awaitReady();
    }

    private static void succeeds(Requests requests, CommandId id) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(requests.stateOf(id)).isEqualTo("succeeded"));
    }

    private void invariantsHold(Requests requests, LabAgent... agents) {
        new Invariants(requests, TestDatabase.at(direct), tap, List.of(agents)).hold();
    }

    /** With the flag that every documented start line has. What starts it again is the service manager, here the test. */
    @Test
    void with_a_full_heap_it_ends_at_once_instead_of_going_on_deaf_and_the_next_one_loses_nothing() throws Exception {
        try (LabServer server = server(List.of(), List.of("-Xmx160m", "-XX:+ExitOnOutOfMemoryError"));
                Requests requests = new Requests(server::port);
                LabAgent agent = new LabAgent("heap", server::port, home, tap).start()) {
            agent.id();
            agent.holdResults();
            CommandId id = requests.accepted(agent, "");
            await().untilAsserted(() -> assertThat(
                            requests.get(id).body().path("state").asString(""))
                    .isEqualTo("running"));
            List<Socket> callers = new ArrayList<>();
            try {
                fillTheHeap(server, callers);
                assertThat(server.process().awaitExit())
                        .as("it said so by its exit code")
                        .isEqualTo(3);
            } finally {
                for (Socket one : callers) {
                    one.close();
                }
            }
            server.startAgain();
            agent.tellResults();
            succeeds(requests, id);
            invariantsHold(requests, agent);
        }
    }

    /** Bodies that never come to their end, each as long as one may be. */
    private static void fillTheHeap(LabServer server, List<Socket> callers) {
        byte[] head = ("POST /api/v1/commands HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                        + RunningServer.ADMIN + "\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] nearlyAll = new byte[(1 << 20) - 1];
        try {
            while (callers.size() < 1_000 && server.process().alive()) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                callers.add(socket);
                socket.setSoTimeout(1);
                socket.getOutputStream().write(head);
                socket.getOutputStream().write(nearlyAll);
            }
        } catch (IOException ended) {
            // it is gone
        }
    }

    @Test
    void without_file_descriptors_it_refuses_new_connections_and_serves_those_that_it_has() throws Exception {
        try (LabServer server = server(List.of("sh", "-c", "ulimit -n " + FILES + " && exec \"$@\"", "sh"), List.of());
                Requests requests = new Requests(server::port);
                LabAgent agent = new LabAgent("files", server::port, home, tap).start()) {
            agent.id();
            succeeds(requests, requests.accepted(agent, ""));
            long connections = tap.connections();
            List<Socket> callers = new ArrayList<>();
            try {
                for (int i = 0; i < 2 * FILES; i++) {
                    callers.add(new Socket(InetAddress.getLoopbackAddress(), server.port()));
                }
                server.process().awaitLine("Too many open files");
                for (int i = 0; i < 5; i++) {
                    succeeds(requests, requests.accepted(agent, "")); // on the connections that were there
                }
                assertThat(tap.connections()).isEqualTo(connections);
            } finally {
                for (Socket one : callers) {
                    one.close();
                }
            }
            try (LabAgent next = new LabAgent("next", server::port, home, tap).start()) {
                next.id();
                succeeds(requests, requests.accepted(next, ""));
                invariantsHold(requests, agent, next);
            }
            assertThat(server.process().output())
                    .filteredOn(line -> line.contains("Too many open files"))
                    .as("it does not spin on what it cannot accept")
                    .hasSizeLessThan(200);
        }
    }
}
