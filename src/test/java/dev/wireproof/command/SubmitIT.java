package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** A command is stored before anybody is told that it is; and nothing is stored that somebody was told is not. */
class SubmitIT {
    private static final IdempotencyKey KEY = new IdempotencyKey("caller", "key", "sha-of-the-body");

    @Test
    void the_same_key_makes_one_command_however_many_ask_at_once_and_past_a_restart() {
        DataSource database = TestDatabase.fresh();
        CommandId made;
        try (TestServer server = new TestServer(database)) {
            TestAgent agent = server.agent();
            List<CompletableFuture<Submission>> asked = IntStream.range(0, 50)
                    .mapToObj(_ -> server.room.commands.submit(TestServer.command(agent.id), KEY))
                    .toList();
            List<Submission> answers =
                    asked.stream().map(CompletableFuture::join).toList();
            assertThat(answers).filteredOn(Submission.Created.class::isInstance).hasSize(1);
            assertThat(answers)
                    .filteredOn(Submission.Replayed.class::isInstance)
                    .hasSize(49);
            assertThat(count(server)).isEqualTo(1);
            made = answers.stream()
                    .filter(Submission.Created.class::isInstance)
                    .map(created -> ((Submission.Created) created).command().id())
                    .findFirst()
                    .orElseThrow();
            assertThat(server.submit(TestServer.command(agent.id), new IdempotencyKey("caller", "key", "another body")))
                    .isInstanceOf(Submission.KeyReused.class);
            assertThat(server.submit(
                            TestServer.command(agent.id), new IdempotencyKey("other", "key", "sha-of-the-body")))
                    .as("another caller's key is another key")
                    .isInstanceOf(Submission.Created.class);
        }
        try (TestServer again = new TestServer(database)) {
            Submission replayed = again.submit(TestServer.command(again.agent().id), KEY);
            assertThat(replayed).isInstanceOf(Submission.Replayed.class);
            assertThat(((Submission.Replayed) replayed).command().id()).isEqualTo(made);
            again.clock.step(Duration.ofHours(24).plusSeconds(1));
            assertThat(again.submit(TestServer.command(again.agent().id), KEY))
                    .as("known for a day")
                    .isInstanceOf(Submission.Created.class);
        }
    }

    @Test
    void while_the_database_is_away_nothing_is_kept_in_memory_only_and_what_agents_say_is_kept_in_order() {
        AtomicBoolean away = new AtomicBoolean();
        try (TestServer server = new TestServer(TestDatabase.fresh(), real -> sometimesAway(real, away))) {
            TestAgent agent = server.agent().connect();
            CommandId id = server.submit(TestServer.command(agent.id)).id();
            away.set(true);
            CompletableFuture<Submission> refused = server.room.commands.submit(TestServer.command(agent.id), null);
            assertThatThrownBy(refused::join)
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> server.room.commands.find(id)).isInstanceOf(StoreUnavailableException.class);
            // settle() would wait for the database: what agents say is only handed in
            agent.report(server.room.reports.acks(), TestServer.ack(id, 1));
            agent.report(
                    server.room.reports.results(),
                    new CommandResult(id, Outcome.EXITED, 0, null, 0, 0, false, null, 12, null));
            assertThat(agent.link.texts(ServerMessage.CommandResultAck.class)).isEmpty();

            away.set(false);
            await().untilAsserted(() -> assertThat(agent.link.texts(ServerMessage.CommandResultAck.class))
                    .hasSize(1));
            CommandView done = server.find(id);
            assertThat(done.state()).isEqualTo(CommandState.SUCCEEDED);
            assertThat(done.ackedAt()).isNotNull();
            assertThat(count(server)).isEqualTo(1);
            assertThat(server.submit(TestServer.command(agent.id)).state()).isEqualTo(CommandState.OFFERED);
        }
    }

    private static long count(TestServer server) {
        return server.db.sql("SELECT count(*) FROM command").query(Long.class).single();
    }

    private static DataSource sometimesAway(DataSource real, AtomicBoolean away) {
        return (DataSource) Proxy.newProxyInstance(
                SubmitIT.class.getClassLoader(), new Class<?>[] {DataSource.class}, (_, method, arguments) -> {
                    if (method.getName().equals("getConnection") && away.get()) {
                        throw new SQLException("connection refused", "08001");
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
