package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.RunningServer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/**
 * What this server's own classes keep of an agent that only is on the line, counted from a histogram of live objects: the engine below
 * costs several times as much, so a field too many shows here long before it shows in a total.
 */
class IdleConnectionCostIT {
    private static final int AGENTS = 100;
    /** With object headers of 12 bytes, as tests have them, and with the counts and frames that it holds as longs. */
    private static final long OWN_BYTES = 2_048;

    private static final Pattern OURS = Pattern.compile("(?m)^\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+"
            + "(?:dev\\.wireproof\\.(?:access|command|connection|fleet|id|protocol|telemetry)\\.\\S+|\\[J .*)$");

    @Test
    void an_idle_agent_costs_less_than_two_kibibytes_of_our_own() throws Exception {
        try (RunningServer server = RunningServer.start()) {
            List<RunningServer.Enrolled> agents = new ArrayList<>();
            agents.add(server.enrol());
            long before = ownBytes();
            while (agents.size() <= AGENTS) {
                agents.add(server.enrol());
            }
            // What the logins left in queues is on its way to the database.
            await().untilAsserted(() ->
                    assertThat((ownBytes() - before) / AGENTS).isPositive().isLessThan(OWN_BYTES));
            agents.forEach(RunningServer.Enrolled::close);
        }
    }

    /** After a full collection, which the histogram makes. */
    private static long ownBytes() throws JMException {
        Object histogram = ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        return OURS.matcher(String.valueOf(histogram))
                .results()
                .map(MatchResult::group)
                .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[2]))
                .sum();
    }
}
