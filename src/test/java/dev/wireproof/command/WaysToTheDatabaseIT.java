package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.testkit.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What a command costs the database, in counts: a time could not be relied on, and this is what the throughput hangs on. */
class WaysToTheDatabaseIT {
    private final List<String> prepared = new CopyOnWriteArrayList<>();

    @Test
    void whatever_happens_to_a_command_is_written_on_one_way_to_the_database() {
        try (TestServer server = new TestServer(TestDatabase.fresh(), this::listened)) {
            TestAgent agent = server.agent().connect();
            prepared.clear();

            CommandId command = server.submit(TestServer.command(agent.id)).id();
            assertThat(writes())
                    .singleElement()
                    .asString()
                    .contains("INSERT INTO command ", "INSERT INTO command_attempt ", "INSERT INTO command_history ");

            prepared.clear();
            agent.ack(command, 1);
            assertThat(writes())
                    .singleElement()
                    .asString()
                    .contains("UPDATE command ", "UPDATE command_attempt ", "INSERT INTO command_history ");

            prepared.clear();
            agent.print(command, Stream.STDOUT, 0, "hello");
            assertThat(writes()).singleElement().asString().contains("INSERT INTO command_output ");

            prepared.clear();
            agent.result(command, Outcome.EXITED, 0, 5);
            assertThat(writes()).hasSize(1);
            assertThat(server.find(command).state()).isEqualTo(CommandState.SUCCEEDED);
        }
    }

    private List<String> writes() {
        return prepared.stream()
                .filter(sql -> sql.contains("INSERT INTO command") || sql.contains("UPDATE command"))
                .toList();
    }

    private DataSource listened(DataSource to) {
        return wrapped(DataSource.class, to);
    }

    private <T> T wrapped(Class<T> type, T real) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
                    if (method.getName().equals("prepareStatement") && arguments[0] instanceof String sql) {
                        prepared.add(sql);
                    }
                    try {
                        Object answer = method.invoke(real, arguments);
                        return answer instanceof Connection connection ? wrapped(Connection.class, connection) : answer;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
