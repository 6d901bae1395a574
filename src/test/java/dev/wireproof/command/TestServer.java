package dev.wireproof.command;

import com.zaxxer.hikari.HikariDataSource;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.signing.CommandSigning;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The command room on a real database, with a clock that the test moves and waits without jitter. */
final class TestServer implements AutoCloseable {
    static final List<Duration> ACK_WAITS = List.of(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofSeconds(30),
            Duration.ofSeconds(60));
    static final DeliveryPolicy POLICY = new DeliveryPolicy(ACK_WAITS, 10, Duration.ofMinutes(5));

    final SteppingClock clock = new SteppingClock();
    final DataSource database;
    final CommandRoom room;
    final JdbcClient db;
    private final HikariDataSource kept;

    TestServer() {
        this(CommandSigning.off());
    }

    TestServer(CommandSigning signing) {
        this(TestDatabase.fresh(), UnaryOperator.identity(), signing);
    }

    /** On the database of an earlier one: a restart. */
    TestServer(DataSource database) {
        this(database, UnaryOperator.identity());
    }

    /** @param between what stands between the room and its connections */
    TestServer(DataSource database, UnaryOperator<DataSource> between) {
        this(database, between, CommandSigning.off());
    }

    private TestServer(DataSource database, UnaryOperator<DataSource> between, CommandSigning signing) {
        this.database = database;
        kept = TestDatabase.kept(database);
        DataSource used = between.apply(kept);
        db = JdbcClient.create(used);
        room = new CommandRoom(used, used, clock, POLICY, 2, () -> 0, 10_000, DeliveryObserver.NONE, signing);
        room.engine.start();
    }

    static NewCommand command(AgentId agent) {
        return command(agent, "echo hello");
    }

    static NewCommand command(AgentId agent, String script) {
        return command(agent, script, CommandEffect.ONCE, NewCommand.DEFAULT_TIME_TO_LIVE, 1 << 20);
    }

    static NewCommand command(
            AgentId agent, String script, CommandEffect effect, Duration timeToLive, long maxOutputBytes) {
        return new NewCommand(
                agent,
                new SiteId(new UUID(7, 7)),
                "sh",
                script,
                List.of("a"),
                Map.of("K", "v"),
                null,
                NewCommand.DEFAULT_TIMEOUT,
                timeToLive,
                maxOutputBytes,
                effect,
                false,
                "tester",
                null,
                null);
    }

    CommandView submit(NewCommand what) {
        Submission submission = room.commands.submit(what, null).join();
        settle();
        return ((Submission.Created) submission).command();
    }

    Submission submit(NewCommand what, @Nullable IdempotencyKey key) {
        return room.commands.submit(what, key).join();
    }

    CommandView find(CommandId id) {
        room.flushRungs();
        settle();
        return room.commands.find(id).orElseThrow();
    }

    /** Lets time pass, and whatever is due then happen. */
    void step(Duration by) {
        clock.step(by);
        room.reaper.reapOnce();
        settle();
    }

    /** Everything that was told so far, and what followed from it, is stored. */
    void settle() {
        for (int round = 0; round < 4; round++) {
            room.settle();
        }
    }

    TestAgent agent() {
        return new TestAgent(this, new AgentId(UUID.randomUUID()));
    }

    static CommandAck ack(CommandId id, int attempt) {
        return new CommandAck(id, attempt, false, dev.wireproof.protocol.AgentMessage.AckStatus.ACCEPTED, null, null);
    }

    @Override
    public void close() {
        room.engine.stop();
        kept.close();
    }
}
