package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AgentLineTest {
    private static final Instant AT = Instant.parse("2026-03-29T00:59:00Z");
    private static final ConnectionId LIVE = new ConnectionId(UUID.randomUUID());

    private static AgentLine.Status status(
            @Nullable ConnectionId live, boolean spent, boolean conflict, CommandPath.Status path) {
        return new AgentLine(
                        live,
                        null,
                        null,
                        null,
                        null,
                        spent,
                        conflict ? new AgentLine.Conflict(AT, List.of("192.0.2.1")) : null,
                        new CommandPath(path, AT, "seen"),
                        null)
                .status();
    }

    @Test
    void connected_is_online_unless_the_path_fails_or_the_evictions_are_spent() {
        assertThat(status(LIVE, false, false, CommandPath.Status.UNPROVEN)).isEqualTo(AgentLine.Status.ONLINE);
        assertThat(status(LIVE, false, false, CommandPath.Status.FAILING)).isEqualTo(AgentLine.Status.SUSPECT);
        assertThat(status(LIVE, true, false, CommandPath.Status.PROVEN)).isEqualTo(AgentLine.Status.SUSPECT);
    }

    @Test
    void not_connected_is_offline_whatever_came_before_and_a_conflict_outweighs_both() {
        assertThat(status(null, true, false, CommandPath.Status.FAILING)).isEqualTo(AgentLine.Status.OFFLINE);
        assertThat(status(null, false, true, CommandPath.Status.FAILING)).isEqualTo(AgentLine.Status.CONFLICTED);
        assertThat(status(LIVE, false, true, CommandPath.Status.PROVEN)).isEqualTo(AgentLine.Status.CONFLICTED);
    }

    @Test
    void evictions_are_spent_after_three_in_an_hour_and_looking_costs_none() {
        AgentHistory history = new AgentHistory();
        AgentId agent = new AgentId(UUID.randomUUID());
        assertThat(history.evictionsSpent(agent, 0)).isFalse();
        for (int i = 0; i < AgentHistory.MOST_EVICTIONS; i++) {
            assertThat(history.evictionsSpent(agent, i)).isFalse();
            assertThat(history.mayEvict(agent, i)).isTrue();
        }
        assertThat(history.evictionsSpent(agent, 10)).isTrue();
        assertThat(history.evictionsSpent(agent, AgentHistory.EVICTIONS_WITHIN.toMillis() + 10))
                .isFalse();
    }
}
