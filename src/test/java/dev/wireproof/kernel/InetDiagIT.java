package dev.wireproof.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets of this machine, as its kernel sees them. */
class InetDiagIT {
    private final SocketDiag kernel = SocketDiag.ofThisMachine();

    @BeforeEach
    void where_the_kernel_answers() {
        boolean linux = System.getProperty("os.name").startsWith("Linux");
        SocketCensus any = kernel.census(0);
        if (!linux || any instanceof SocketCensus.Unknown) {
            System.out.println("SKIPPED: this machine's kernel does not show its sockets: " + any);
        }
        assumeTrue(any instanceof SocketCensus.Taken);
    }

    /** Two connected sockets; the accepted one stands for the server's. */
    private record Pair(ServerSocket listener, Socket client, Socket accepted) implements AutoCloseable {
        static Pair on(String address) throws IOException {
            return on(address, 0);
        }

        /** @param receiveBuffer of the client, 0: the kernel's choice */
        static Pair on(String address, int receiveBuffer) throws IOException {
            ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName(address));
            Socket client = new Socket();
            if (receiveBuffer > 0) {
                client.setReceiveBufferSize(receiveBuffer);
            }
            client.connect(listener.getLocalSocketAddress());
            return new Pair(listener, client, listener.accept());
        }

        SocketAddresses ours() {
            return SocketAddresses.of(accepted.getLocalSocketAddress(), accepted.getRemoteSocketAddress())
                    .orElseThrow();
        }

        @Override
        public void close() throws IOException {
            client.close();
            accepted.close();
            listener.close();
        }
    }

    private SocketView view(SocketAddresses socket) {
        SocketReading reading = kernel.read(socket);
        assertThat(reading).isInstanceOf(SocketReading.Seen.class);
        return reading.ifSeen().orElseThrow();
    }

    @Test
    void what_the_other_side_acknowledged_is_counted_in_bytes() throws IOException {
        try (Pair pair = Pair.on("127.0.0.1")) {
            long before = view(pair.ours()).bytesAcked();
            pair.accepted().getOutputStream().write(new byte[10_000]);
            await().untilAsserted(() -> {
                SocketView view = view(pair.ours());
                assertThat(view.bytesAcked() - before).isEqualTo(10_000);
                assertThat(view.sendQueueBytes()).isZero();
                assertThat(view.handedOver()).isEqualTo(view.bytesAcked());
                assertThat(view.unackedBytes()).isZero();
                assertThat(view.state()).isEqualTo(TcpState.ESTABLISHED);
                assertThat(view.rttMicros()).isPositive();
                assertThat(view.zeroWindow()).isNotEqualTo(true);
            });
        }
    }

    @Test
    void a_peer_that_stops_reading_lets_the_send_queue_grow_and_closes_its_window() throws IOException {
        try (Pair pair = Pair.on("127.0.0.1", 4_096)) {
            Thread.startVirtualThread(() -> fill(pair.accepted()));
            await().untilAsserted(() -> {
                SocketView view = view(pair.ours());
                assertThat(view.unsentBytes()).isPositive();
                assertThat(view.sendQueueBytes()).isGreaterThanOrEqualTo(view.unsentBytes());
                assertThat(view.handedOver()).isGreaterThan(view.bytesAcked());
                assertThat(view.zeroWindow()).isTrue();
            });
        }
    }

    private static void fill(Socket socket) {
        try {
            while (true) {
                socket.getOutputStream().write(new byte[65_536]);
            }
        } catch (IOException e) {
            // the test is over
        }
    }

    @Test
    void a_socket_of_ipv6_is_found_by_its_addresses_and_in_a_census() throws IOException {
        if (!hasIpv6()) {
            System.out.println("SKIPPED: this machine has no IPv6 loopback");
        }
        assumeTrue(hasIpv6());
        try (Pair pair = Pair.on("::1")) {
            assertThat(pair.ours().ipv4()).isFalse();
            assertThat(view(pair.ours()).state()).isEqualTo(TcpState.ESTABLISHED);
            assertThat(census(pair.listener().getLocalPort())).containsOnlyKeys(pair.ours());
        }
    }

    private static boolean hasIpv6() {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return probe.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void an_ipv4_peer_of_a_socket_for_both_families_is_found_by_its_ipv4_address() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName("::"));
                Socket client = new Socket("127.0.0.1", listener.getLocalPort());
                Socket accepted = listener.accept()) {
            SocketAddresses ours = SocketAddresses.of(
                            new InetSocketAddress("127.0.0.1", accepted.getLocalPort()),
                            new InetSocketAddress("127.0.0.1", client.getLocalPort()))
                    .orElseThrow();
            assertThat(view(ours).state()).isEqualTo(TcpState.ESTABLISHED);
            assertThat(census(listener.getLocalPort())).containsKey(ours);
        }
    }

    private Map<SocketAddresses, SocketView> census(int port) {
        SocketCensus census = kernel.census(port);
        assertThat(census).isInstanceOf(SocketCensus.Taken.class);
        return ((SocketCensus.Taken) census).views();
    }

    @Test
    void a_census_has_the_connected_sockets_of_the_port_and_no_other() throws IOException {
        try (Pair one = Pair.on("127.0.0.1");
                Socket second = new Socket("127.0.0.1", one.listener().getLocalPort());
                Pair other = Pair.on("127.0.0.1")) {
            assertThat(second.isConnected()).isTrue();
            Map<SocketAddresses, SocketView> found = census(one.listener().getLocalPort());
            assertThat(found).hasSize(2).containsKey(one.ours()).doesNotContainKey(other.ours());
        }
    }

    @Test
    void a_socket_that_is_not_there_is_gone_also_where_a_listener_has_its_port() throws IOException {
        try (Pair pair = Pair.on("127.0.0.1")) {
            SocketAddresses ours = pair.ours();
            SocketAddresses nobody = new SocketAddresses(
                    ours.localHigh(), ours.localLow(), ours.localPort(), ours.remoteHigh(), ours.remoteLow(), 1);
            assertThat(kernel.read(nobody)).isEqualTo(new SocketReading.Gone());
        }
    }

    @Test
    void few_and_many_sockets_are_read_alike() throws IOException {
        try (Pair pair = Pair.on("127.0.0.1")) {
            SocketAddresses ours = pair.ours();
            List<SocketAddresses> many = IntStream.rangeClosed(0, InetDiag.ONE_BY_ONE)
                    .mapToObj(i -> new SocketAddresses(0, i, ours.localPort(), 0, i, 9))
                    .toList();
            assertThat(kernel.readAll(List.of(ours)))
                    .isInstanceOfSatisfying(
                            SocketCensus.Taken.class,
                            taken -> assertThat(taken.views()).containsKey(ours));
            assertThat(kernel.readAll(many))
                    .isInstanceOfSatisfying(
                            SocketCensus.Taken.class,
                            taken -> assertThat(taken.views()).containsKey(ours));
        }
    }

    @Test
    void where_the_kernel_is_not_asked_everything_is_unknown_and_says_why() throws UnknownHostException {
        SocketDiag off = SocketDiag.unknown("switched off");
        SocketAddresses any = SocketAddresses.of(
                        new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 1),
                        new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 2))
                .orElseThrow();
        assertThat(off.read(any)).isEqualTo(new SocketReading.Unknown("switched off"));
        assertThat(off.census(1)).isEqualTo(new SocketCensus.Unknown("switched off"));
        assertThat(off.readAll(List.of(any))).isEqualTo(new SocketCensus.Unknown("switched off"));
        assertThat(off.read(any).ifSeen()).isEmpty();
    }
}
