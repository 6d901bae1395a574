package dev.wireproof.connection;

import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.wireproof.fleet.Admission;
import dev.wireproof.fleet.AgentAdmission;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.SiteId;
import dev.wireproof.kernel.SocketDiag;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.telemetry.FrameLog;
import dev.wireproof.telemetry.TelemetryForTests;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The real door, registry and record behind a real Jetty on a free port, with a real database. Time passes by a
 * microsecond for each look at the clock and by what {@link #pass} adds, and nobody sweeps but the test.
 */
final class LineUnderTest implements AutoCloseable, AgentAdmission {
    static final String GOOD_KEY = "good";
    static final String PENDING_KEY = "pending";

    final HikariDataSource database = TestDatabase.kept(TestDatabase.fresh());
    final JdbcClient db = JdbcClient.create(database);
    final LiveConnections registry = new LiveConnections();
    final ConcurrentLinkedQueue<AgentMessage> handled = new ConcurrentLinkedQueue<>();
    final Map<AgentMessage, ConnectionId> handledOn = new ConcurrentHashMap<>();
    final List<AgentLink> opened = new CopyOnWriteArrayList<>();
    final List<String> closed = new CopyOnWriteArrayList<>();
    final List<AgentId> confirmed = new CopyOnWriteArrayList<>();
    final AtomicInteger admissions = new AtomicInteger();
    final SocketWatch sockets = new SocketWatch(SocketDiag.ofThisMachine(), registry);
    final Switchboard board;
    final ConnectionRows rows;
    final EpochStore epochs = new EpochStore(db);
    final TelemetryForTests telemetry;
    final UpgradeDoor door = new UpgradeDoor();
    private final AtomicLong added = new AtomicLong();
    private final Instant start = Instant.parse("2026-10-25T00:30:00Z");
    private final long startNs = System.nanoTime();
    private final Server server = new Server();
    private final ServerConnector connector = new WholeCloseConnector(server);
    volatile @Nullable Runnable whileAdmitting;
    volatile @Nullable ConnectionListener listener;

    LineUnderTest(String... settings) {
        InstantSource clock = () -> start.plusNanos((nanos() - startNs) / 1_000 * 1_000);
        telemetry = new TelemetryForTests(database, clock);
        rows = new ConnectionRows(database, clock);
        board = new Switchboard(
                properties(settings),
                clock,
                this::nanos,
                telemetry.recorder(),
                registry,
                rows,
                this,
                List.of(new Notes()),
                new ConnectionMetrics(new SimpleMeterRegistry()));
        Welcome welcome = new Welcome(this, epochs, board, "test", java.util.List.of());
        Inbox inbox = new Inbox(welcome, List.of(new Keeper<>(AgentMessage.CommandAck.class)));
        door.open(new UpgradeDoor.Inside(board, inbox, new UpgradeRules(board.settings())));
        server.addConnector(connector);
        door.setHandler(new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(
                    org.eclipse.jetty.server.Request request,
                    org.eclipse.jetty.server.Response response,
                    org.eclipse.jetty.util.Callback callback) {
                return false;
            }
        });
        server.setHandler(door);
        try {
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static ConnectionProperties properties(String... settings) {
        java.util.Map<String, String> map = new java.util.HashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            map.put("wireproof.connection." + setting.substring(0, equals), setting.substring(equals + 1));
        }
        return new Binder(new MapConfigurationPropertySource(map))
                .bindOrCreate("wireproof.connection", ConnectionProperties.class);
    }

    private final class Notes implements ConnectionListener {
        @Override
        public void opened(AgentLink link, AgentMessage.Auth auth, Instant at) {
            ConnectionListener more = listener;
            if (more != null) {
                more.opened(link, auth, at);
            }
            opened.add(link);
        }

        @Override
        public void closed(AgentLink link, @Nullable Integer closeCode, String reason, Instant at) {
            closed.add(link.connectionId() + " " + closeCode);
        }
    }

    private final class Keeper<M extends AgentMessage> implements AgentMessageHandler<M> {
        private final Class<M> type;

        Keeper(Class<M> type) {
            this.type = type;
        }

        @Override
        public Class<M> messageType() {
            return type;
        }

        @Override
        public void handle(AgentLink from, Received<M> received) {
            handledOn.put(received.message(), from.connectionId());
            handled.add(received.message());
        }
    }

    long nanos() {
        return startNs + added.addAndGet(1_000L);
    }

    int port() {
        return connector.getLocalPort();
    }

    /** The kernel's send buffer of sockets that are accepted from now on. */
    void sendBuffer(int bytes) {
        connector.setAcceptedSendBufferSize(bytes);
    }

    FrameLog frames() {
        return telemetry.log();
    }

    /** Lets time pass second by second, with a sweep after each, as the server would have done. */
    void pass(Duration time) {
        for (long s = 0; s < time.toSeconds(); s++) {
            added.addAndGet(1_000_000_000L);
            board.sweepOnce();
        }
    }

    /** The same with agents that answer: each second begins when all Pings so far have their Pong. */
    void passWhileAnswered(Duration time, Connection... connections) {
        for (long s = 0; s < time.toSeconds(); s++) {
            pass(Duration.ofSeconds(1));
            for (Connection connection : connections) {
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(2))
                        .until(() -> connection.count(Count.PONG_IN) >= connection.count(Count.PING_OUT)
                                || connection.course().ending() != null);
            }
        }
    }

    /** The same with agents that read and may not answer: each second begins when nothing is being written to them. */
    void passWhileRead(Duration time, Connection... connections) {
        for (long s = 0; s < time.toSeconds(); s++) {
            pass(Duration.ofSeconds(1));
            for (Connection connection : connections) {
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(2))
                        .until(() -> connection.outbox().writing() == null
                                || connection.course().ending() != null);
            }
        }
    }

    /** The same, with a look at the sockets where something waits before each sweep. */
    void passLooking(Duration time) {
        for (long s = 0; s < time.toSeconds(); s++) {
            added.addAndGet(1_000_000_000L);
            sockets.lookOnce();
            board.sweepOnce();
        }
    }

    /** Time passes and the server stands still. */
    void freeze(Duration time) {
        added.addAndGet(time.toNanos());
    }

    RawPeer agent(AgentId agent) {
        RawPeer peer = RawPeer.upgraded(port());
        peer.authenticate(agent, GOOD_KEY);
        return peer;
    }

    AnsweringPeer answering(AgentId agent) {
        return new AnsweringPeer(agent(agent));
    }

    Connection connectionOf(AgentId agent) {
        return registry.connectionOf(agent).orElseThrow();
    }

    static AgentId anyAgent() {
        return new AgentId(UUID.randomUUID());
    }

    @Override
    public Admission admit(AgentMessage.Auth auth, String remoteAddress) {
        admissions.incrementAndGet();
        Runnable meanwhile = whileAdmitting;
        if (meanwhile != null) {
            meanwhile.run();
        }
        if (auth.credentials() instanceof AgentMessage.Credentials.Enrolling) {
            return admitted(anyAgent(), false, "new-key");
        }
        AgentMessage.Credentials.Enrolled enrolled = (AgentMessage.Credentials.Enrolled) auth.credentials();
        return switch (enrolled.agentKey()) {
            case GOOD_KEY -> admitted(enrolled.agentId(), false, null);
            case PENDING_KEY -> admitted(enrolled.agentId(), true, null);
            case "often" -> new Admission.Refused(ServerMessage.RejectCode.RATE_LIMITED, "too often", 30);
            default -> new Admission.Refused(ServerMessage.RejectCode.BAD_CREDENTIALS, "unknown agent or key", 60);
        };
    }

    private static Admission.Admitted admitted(AgentId agent, boolean pending, @Nullable String key) {
        return new Admission.Admitted(
                agent,
                new SiteId(UUID.randomUUID()),
                pending,
                key,
                1,
                new ServerMessage.AgentConfig(30, 4, 1_048_576, List.of("sh"), false));
    }

    @Override
    public void enrollmentConfirmed(AgentId agent) {
        confirmed.add(agent);
    }

    @Override
    public void close() {
        registry.all().forEach(Connection::abort);
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        rows.close();
        telemetry.close();
        database.close();
    }
}
