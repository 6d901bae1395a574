package dev.wireproof.simulator;

import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What the database itself can do, to stand beside a load run: one INSERT and three UPDATEs for each command, each a commit of its own,
 * in a table with a primary key and nothing else, in a schema of its own that is dropped again. Once row by row, once in batches by
 * {@code unnest}.
 */
final class DatabaseLimit {
    private static final int ROW_CLIENTS = 32;
    private static final int BATCH_CLIENTS = 4;
    private static final int BATCH = 100;
    private static final String SCRIPT = "x".repeat(200);

    private static final String PREPARE = """
        DROP SCHEMA IF EXISTS wireproof_bench CASCADE;
        CREATE SCHEMA wireproof_bench;
        CREATE TABLE wireproof_bench.command (
            id uuid PRIMARY KEY, state text NOT NULL, script text NOT NULL, since timestamptz NOT NULL)
        """;
    private static final String DROP = "DROP SCHEMA IF EXISTS wireproof_bench CASCADE";
    private static final String INSERT_ROW = "INSERT INTO wireproof_bench.command VALUES (?, 'queued', ?, now())";
    private static final String UPDATE_ROW =
            "UPDATE wireproof_bench.command SET state = ?, since = now() WHERE id = ? AND state <> ?";
    private static final String INSERT_BATCH = """
        INSERT INTO wireproof_bench.command
        SELECT id, 'queued', script, now() FROM unnest(?::uuid[], ?::text[]) AS new (id, script)
        """;
    private static final String UPDATE_BATCH = """
        UPDATE wireproof_bench.command AS c SET state = ?, since = now()
          FROM unnest(?::uuid[]) AS due (id)
         WHERE c.id = due.id AND c.state <> ?
        """;
    private static final List<String> STATES = List.of("offered", "acked", "succeeded");

    private final String url;
    private final String user;
    private final String password;
    private final Duration each;

    /** @param each how long each of the two is measured */
    DatabaseLimit(String url, String user, String password, Duration each) {
        this.url = url;
        this.user = user;
        this.password = password;
        this.each = each;
    }

    /** One client's work: as many commands as it gets done until the deadline. */
    private interface Client {
        long work(Connection connection, long deadlineNs) throws SQLException;
    }

    Map<String, Object> measure() throws SQLException, InterruptedException {
        Map<String, Object> map = new LinkedHashMap<>();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            map.put("server_version", show(statement, "server_version"));
            map.put("synchronous_commit", show(statement, "synchronous_commit"));
            map.put("fsync", show(statement, "fsync"));
            statement.execute(PREPARE);
            map.put("row_by_row_clients", ROW_CLIENTS);
            map.put("row_by_row_per_s", perSecond(ROW_CLIENTS, DatabaseLimit::rowByRow));
            map.put("batch_clients", BATCH_CLIENTS);
            map.put("batch_size", BATCH);
            map.put("batches_per_s", perSecond(BATCH_CLIENTS, DatabaseLimit::batches));
            statement.execute(DROP);
        }
        return map;
    }

    private static String show(Statement statement, String setting) throws SQLException {
        try (ResultSet row = statement.executeQuery("SHOW " + setting)) {
            row.next();
            return row.getString(1);
        }
    }

    private Connection open() throws SQLException {
        return DriverManager.getConnection(url, user, password);
    }

    private double perSecond(int clients, Client client) throws SQLException, InterruptedException {
        List<Connection> connections = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
            for (int i = 0; i < clients; i++) {
                connections.add(open());
            }
            long startNs = System.nanoTime();
            long deadlineNs = startNs + each.toNanos();
            List<Callable<Long>> tasks = new ArrayList<>();
            for (Connection connection : connections) {
                tasks.add(() -> client.work(connection, deadlineNs));
            }
            long total = 0;
            for (Future<Long> task : threads.invokeAll(tasks)) {
                total += task.get();
            }
            return LoadResult.tenths(total * 1e9 / (System.nanoTime() - startNs));
        } catch (ExecutionException e) {
            throw new SQLException("the database's own limit could not be measured: " + e.getCause(), e);
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static long rowByRow(Connection connection, long deadlineNs) throws SQLException {
        long done = 0;
        try (PreparedStatement insert = connection.prepareStatement(INSERT_ROW);
                PreparedStatement update = connection.prepareStatement(UPDATE_ROW)) {
            while (System.nanoTime() - deadlineNs < 0) {
                UUID id = UUID.randomUUID();
                insert.setObject(1, id);
                insert.setString(2, SCRIPT);
                insert.executeUpdate();
                for (String state : STATES) {
                    update.setString(1, state);
                    update.setObject(2, id);
                    update.setString(3, state);
                    update.executeUpdate();
                }
                done++;
            }
        }
        return done;
    }

    private static long batches(Connection connection, long deadlineNs) throws SQLException {
        long done = 0;
        String[] scripts = new String[BATCH];
        Arrays.fill(scripts, SCRIPT);
        Array scriptArray = connection.createArrayOf("text", scripts);
        try (PreparedStatement insert = connection.prepareStatement(INSERT_BATCH);
                PreparedStatement update = connection.prepareStatement(UPDATE_BATCH)) {
            while (System.nanoTime() - deadlineNs < 0) {
                UUID[] ids = new UUID[BATCH];
                Arrays.setAll(ids, _ -> UUID.randomUUID());
                Array idArray = connection.createArrayOf("uuid", ids);
                insert.setArray(1, idArray);
                insert.setArray(2, scriptArray);
                insert.executeUpdate();
                for (String state : STATES) {
                    update.setString(1, state);
                    update.setArray(2, idArray);
                    update.setString(3, state);
                    update.executeUpdate();
                }
                done += BATCH;
            }
        }
        return done;
    }
}
