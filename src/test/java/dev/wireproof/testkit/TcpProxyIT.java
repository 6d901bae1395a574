package dev.wireproof.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bad network does what its words say, or no test that stands on it proves anything. */
class TcpProxyIT {
    private ServerSocket listener;
    private TcpProxy proxy;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        proxy = TcpProxy.to(listener.getLocalPort());
        client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        server = listener.accept();
        client.setSoTimeout(10_000);
        server.setSoTimeout(10_000);
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
        listener.close();
        proxy.close();
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hear(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), StandardCharsets.US_ASCII);
    }

    @Test
    void left_alone_it_carries_both_directions_and_their_ends() throws IOException {
        say(client, "there");
        assertThat(hear(server, 5)).isEqualTo("there");
        say(server, "back");
        assertThat(hear(client, 4)).isEqualTo("back");
        client.shutdownOutput();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
        say(server, "still");
        assertThat(hear(client, 5)).isEqualTo("still");
    }

    @Test
    void a_delayed_direction_is_late_and_whole() throws IOException {
        proxy.up().delay(Duration.ofMillis(80));
        long begunNs = System.nanoTime();
        say(client, "late");
        assertThat(hear(server, 4)).isEqualTo("late");
        assertThat(Duration.ofNanos(System.nanoTime() - begunNs)).isGreaterThanOrEqualTo(Duration.ofMillis(80));
    }

    @Test
    void a_slow_line_carries_so_many_bytes_a_second() throws IOException {
        proxy.up().rate(100_000);
        long begunNs = System.nanoTime();
        say(client, "x".repeat(20_000));
        assertThat(hear(server, 20_000)).hasSize(20_000);
        assertThat(Duration.ofNanos(System.nanoTime() - begunNs)).isGreaterThanOrEqualTo(Duration.ofMillis(150));
    }

    @Test
    void what_is_held_comes_whole_when_released_and_the_other_direction_never_notices() throws IOException {
        proxy.up().hold();
        say(client, "held");
        say(server, "free");
        assertThat(hear(client, 4)).isEqualTo("free");
        assertThat(server.getInputStream().available()).isZero();
        proxy.up().release();
        assertThat(hear(server, 4)).isEqualTo("held");
    }

    @Test
    void bytes_in_pieces_are_the_same_bytes() throws IOException {
        proxy.up().split(1);
        say(client, "in pieces");
        assertThat(hear(server, 9)).isEqualTo("in pieces");
    }

    @Test
    void a_half_close_ends_one_direction_only() throws IOException {
        say(client, "up");
        assertThat(hear(server, 2)).isEqualTo("up");
        proxy.up().halfClose();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
        say(server, "down");
        assertThat(hear(client, 4)).isEqualTo("down");
    }

    @Test
    void after_so_many_bytes_both_ends_are_reset() throws IOException {
        Trap cut = proxy.up().cutAfter(3);
        say(client, "abcdef");
        cut.await();
        assertThatThrownBy(() -> hear(client, 1)).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> hear(server, 6)).isInstanceOf(SocketException.class);
    }

    @Test
    void a_pattern_that_comes_in_two_pieces_is_found_and_does_not_pass_whole() throws IOException {
        Trap cut = proxy.up().holdBefore("aab");
        say(client, "xaa");
        assertThat(hear(server, 3)).isEqualTo("xaa");
        say(client, "ab!");
        cut.await();
        say(server, "the other way is free");
        assertThat(hear(client, 21)).isNotEmpty();
        assertThat(server.getInputStream().available()).isLessThanOrEqualTo(1);
        cut.release();
        assertThat(hear(server, 3)).isEqualTo("ab!");
    }

    @Test
    void refused_connections_are_reset_until_they_are_admitted_again() throws IOException {
        proxy.refuse();
        try (Socket refused = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            refused.setSoTimeout(10_000);
            assertThatThrownBy(() -> hear(refused, 1)).isInstanceOf(SocketException.class);
        }
        proxy.admit();
        try (Socket admitted = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
                Socket other = listener.accept()) {
            say(admitted, "in");
            assertThat(hear(other, 2)).isEqualTo("in");
        }
    }

    @Test
    void a_commit_whose_answer_is_cut_has_happened_and_its_maker_cannot_know() throws SQLException {
        String direct = TestDatabase.freshUrl();
        try (TcpProxy database = TcpProxy.toDatabase(direct);
                Connection through = DriverManager.getConnection(database.jdbcUrl(direct), "postgres", "")) {
            through.setAutoCommit(false);
            through.createStatement().execute("CREATE TABLE fact (n int)");
            through.createStatement().execute("INSERT INTO fact VALUES (7)");
            Trap cut = database.down().cutBefore(TcpProxy.COMMITTED);
            assertThatThrownBy(through::commit).isInstanceOf(SQLException.class);
            cut.await();
        }
        try (Connection later = DriverManager.getConnection(direct, "postgres", "");
                ResultSet fact = later.createStatement().executeQuery("SELECT n FROM fact")) {
            assertThat(fact.next()).isTrue();
            assertThat(fact.getInt(1)).isEqualTo(7);
        }
    }
}
