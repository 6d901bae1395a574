package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.testkit.TestDatabase;
import java.lang.reflect.RecordComponent;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Whatever the lifecycle makes of a command, the table takes it: its CHECK constraints repeat which columns each state has. */
class LifecycleColumnsIT {
    private static final int LIVES = 400;
    private static final int EVENTS = 30;

    @Test
    void the_table_takes_every_step_of_a_few_hundred_random_lives() throws SQLException {
        TestServer server = new TestServer(TestDatabase.fresh());
        Set<CommandState> stored = EnumSet.noneOf(CommandState.class);
        List<CommandFacts> steps = new ArrayList<>();
        for (int life = 0; life < LIVES; life++) {
            Random random = new Random(life);
            CommandFacts facts = RandomEvents.fresh(random);
            for (int n = 0; n < EVENTS; n++) {
                CommandFacts before = facts;
                facts = LifecycleRules.facts(Story.LIFE.next(facts, RandomEvents.any(random, facts)), facts);
                if (!facts.equals(before)) {
                    steps.add(facts);
                    stored.add(facts.state());
                }
            }
        }
        List<CommandTable.Fresh> rows =
                steps.stream().map(LifecycleColumnsIT::row).toList();
        try (server;
                Connection on = server.database.getConnection()) {
            for (int from = 0; from < rows.size(); from += 1_000) {
                Writes writes = new Writes();
                new CommandTable().insert(writes, rows.subList(from, Math.min(rows.size(), from + 1_000)));
                writes.send(on);
            }
        }
        assertThat(stored).containsExactly(CommandState.values());
        assertThat(JdbcClient.create(server.database)
                        .sql("SELECT count(*) FROM command")
                        .query(Long.class)
                        .single())
                .isEqualTo(steps.size());
    }

    /** The same life as another command. */
    private static CommandFacts withId(CommandFacts facts, CommandId id) {
        RecordComponent[] components = CommandFacts.class.getRecordComponents();
        try {
            Object[] values = new Object[components.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = components[i].getName().equals("id")
                        ? id
                        : components[i].getAccessor().invoke(facts);
            }
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            return CommandFacts.class.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("CommandFacts is no longer a record of its components", e);
        }
    }

    private static CommandTable.Fresh row(CommandFacts facts) {
        CommandFacts own = withId(facts, new CommandId(UUID.randomUUID()));
        CommandResult result = facts.resultDigest() == null || facts.outcome() == null
                ? null
                : new CommandResult(own.id(), facts.outcome(), facts.exitCode(), null, 0, 0, false, null, 12, null);
        return new CommandTable.Fresh(
                TestServer.command(own.agentId()),
                new CommandRow(own, OutputMarks.NONE, 1 << 20, result, result == null ? null : facts.endedAt()));
    }
}
