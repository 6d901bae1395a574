package dev.wireproof.testkit;

import dev.wireproof.database.EmbeddedDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A real PostgreSQL of its own data directory that can be killed and started again, reached through a {@link TcpProxy}, so that its
 * address stays the same.
 */
public final class KillablePostgres implements AutoCloseable {
    private final Path home;
    private final TcpProxy proxy;
    private EmbeddedDatabase database;

    private KillablePostgres(Path home) {
        this.home = home;
        this.database = EmbeddedDatabase.start(home);
        this.proxy = TcpProxy.toDatabase(database.jdbcUrl());
    }

    public static KillablePostgres start(Path home) {
        return new KillablePostgres(home);
    }

    public TcpProxy proxy() {
        return proxy;
    }

    /** Through the proxy. */
    public String jdbcUrl() {
        return proxy.jdbcUrl(database.jdbcUrl());
    }

    public String user() {
        return database.user();
    }

    public String password() {
        return database.password();
    }

    /** Past the proxy, as it is reached now. */
    public DataSource direct() {
        PGSimpleDataSource direct = new PGSimpleDataSource();
        direct.setUrl(database.jdbcUrl());
        direct.setUser(database.user());
        direct.setPassword(database.password());
        return direct;
    }

    /** {@code kill -9} of the postmaster and all that it started: nothing is flushed, nothing is said. */
    public void kill() {
        ProcessHandle postmaster = ProcessHandle.of(pid()).orElseThrow();
        List<ProcessHandle> all =
                new java.util.ArrayList<>(postmaster.descendants().toList());
        all.addFirst(postmaster);
        all.forEach(ProcessHandle::destroyForcibly);
        CompletableFuture.allOf(all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
                .join();
    }

    /** On the same data: it recovers from its log. */
    public void startAgain() {
        database.close(); // of the one that is dead: only its hold on the data directory is left
        database = EmbeddedDatabase.start(home);
        proxy.retarget(TcpProxy.portOf(database.jdbcUrl()));
    }

    /** The processes that serve connections, write the log and the like: all but the postmaster, which outlives their crashes. */
    public List<Long> children() {
        return ProcessHandle.of(pid())
                .orElseThrow()
                .descendants()
                .map(ProcessHandle::pid)
                .toList();
    }

    private long pid() {
        try {
            return Long.parseLong(Files.readAllLines(home.resolve("postgres/postmaster.pid"))
                    .getFirst()
                    .strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        proxy.close();
        database.close();
    }
}
