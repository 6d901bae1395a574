package dev.wireproof.faults;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A whole server with a bad network on both its sides, agents with records, and a client: what a case of the laboratory plays with. */
final class Scene implements AutoCloseable {
    /** Short waits, so that a case need not be long. Deadlines keep their order. */
    private static final List<String> QUICK = List.of(
            "wireproof.delivery.ack-wait=1s",
            "wireproof.connection.ping-interval=1s",
            "wireproof.connection.outbound-unproven-timeout=4s",
            "wireproof.connection.write-stall-timeout=4s");

    private final String direct;
    final TcpProxy database;
    final RunningServer server;
    /** Between agents and the server. */
    final TcpProxy path;

    final WireTap tap = new WireTap();
    final Requests requests;
    final List<LabAgent> agents = new ArrayList<>();
    private final Path home;

    private Scene(String direct, String... settings) {
        this.direct = direct;
        this.database = TcpProxy.toDatabase(direct);
        this.server = RunningServer.startOn(
                database.jdbcUrl(direct),
                Stream.concat(QUICK.stream(), Stream.of(settings)).toArray(String[]::new));
        this.path = TcpProxy.to(server.port());
        this.requests = new Requests(server::port);
        try {
            this.home = Files.createTempDirectory("wireproof-scene");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param settings such as {@code wireproof.delivery.ack-wait=1s} */
    static Scene start(String... settings) {
        return startOn(TestDatabase.freshUrl(), settings);
    }

    static Scene startOn(String databaseUrl, String... settings) {
        return new Scene(databaseUrl, settings);
    }

    /** One that comes through the bad network. */
    LabAgent agent(String name) {
        LabAgent agent = new LabAgent(name, path::port, home, tap).start();
        agents.add(agent);
        agent.id();
        return agent;
    }

    /** @return the id of a command that was accepted */
    CommandId post(LabAgent to) {
        return post(to, "");
    }

    CommandId post(LabAgent to, String more) {
        return requests.accepted(to, more);
    }

    String stateOf(CommandId id) {
        return requests.stateOf(id);
    }

    DataSource truth() {
        return TestDatabase.at(direct);
    }

    /** The database past the bad network. */
    JdbcClient sql() {
        return JdbcClient.create(truth());
    }

    String databaseName() {
        return direct.replaceAll("\\?.*", "").replaceAll(".*/", "");
    }

    /** Ends every connection of the server to its database. */
    void terminateBackends() {
        sql().sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name AND pid <>"
                        + " pg_backend_pid()")
                .param("name", databaseName())
                .query(Long.class)
                .single();
    }

    /** The end of every fault: a case that failed in the middle of one must not break those after it. */
    private void calm() {
        for (TcpProxy network : List.of(database, path)) {
            network.admit();
            network.up().deliver();
            network.down().deliver();
            network.release();
        }
    }

    void invariantsHold() {
        calm();
        new Invariants(requests, truth(), tap, agents).hold();
    }

    @Override
    public void close() {
        database.release();
        agents.forEach(LabAgent::close);
        requests.close();
        server.close();
        path.close();
        database.close();
    }
}
