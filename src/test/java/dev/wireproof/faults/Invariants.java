package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.faults.AgentRecord.Step;
import dev.wireproof.id.CommandId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/**
 * The promises of {@code docs/delivery.md}, checked from outside after a fault: what the API answered, what the agents' own records hold, what
 * went over the wire, and what the server shows in the end are joined, and every disagreement is told.
 *
 * <p>Invariants 5 (others are not hurt) and 7 (bounded) need figures from before the fault: see {@link #othersNotHurt} and {@link #bounded}.
 * 11 (one refused row) is a case of its own; that what is beside the row is stored falls under 1 and 3.
 */
final class Invariants {
    private static final Set<String> OPEN = Set.of("queued", "offered", "acked", "running");
    /** "What is due is delivered within 90 s of the fault's end". */
    static final Duration RECOVERY = Duration.ofSeconds(Long.getLong("wireproof.faults.recovery-seconds", 90));

    private final Requests requests;
    private final JdbcClient db;
    private final WireTap tap;
    private final List<LabAgent> agents;
    private final List<String> broken = new ArrayList<>();

    /** @param agents all that ever were */
    Invariants(Requests requests, DataSource database, WireTap tap, List<LabAgent> agents) {
        this.requests = requests;
        this.db = JdbcClient.create(database);
        this.tap = tap;
        this.agents = agents;
    }

    /** Never kept: an agent that is yet to be killed opens its record anew. */
    private Stream<AgentRecord> records() {
        return agents.stream().map(LabAgent::record);
    }

    /** Call when the fault is over and its 90 s are not yet: waits for the recovery, then checks everything. */
    void hold() {
        unknownIsResolvable();
        recoversAlone();
        for (Map.Entry<String, CommandId> one : requests.accepted().entrySet()) {
            Requests.Answer shown = requests.get(one.getValue());
            if (shown.status() != 200) {
                broken.add("1 lost: %s was answered 2xx and is now %d".formatted(one.getValue(), shown.status()));
                continue;
            }
            notLost(one.getValue(), shown.body());
            resultIsFinal(one.getValue(), shown.body());
            evidenceIsHonest(one.getValue(), shown.body());
            durationsAreNotNegative(one.getValue(), shown.body());
        }
        everyOpenOneHasANextTime();
        notDoubled();
        oneLiveOwner();
        orderedByTheServersSequence();
        requests.contradictions().forEach(one -> broken.add("3 not final: " + one));
        assertThat(broken).as("broken invariants").isEmpty();
    }

    private void notLost(CommandId id, JsonNode shown) {
        boolean open = OPEN.contains(shown.get("state").asString());
        if (open && shown.get("waiting_for").isNull()) {
            broken.add("1 lost: %s is %s and tells no reason".formatted(id, shown.get("state")));
        }
    }

    private void everyOpenOneHasANextTime() {
        db.sql("SELECT id || ' is ' || state FROM command WHERE ended_at IS NULL AND due_at IS NULL")
                .query(String.class)
                .list()
                .forEach(one -> broken.add("1 lost: %s and has no next time".formatted(one)));
    }

    private void notDoubled() {
        Map<CommandId, Integer> executions = new HashMap<>();
        records()
                .forEach(record ->
                        record.all().forEach(id -> executions.merge(id, record.executions(id), Integer::sum)));
        executions.forEach((id, times) -> {
            if (times > 1) {
                broken.add("2 doubled: %s ran %d times".formatted(id, times));
            }
        });
    }

    /** What was confirmed to the agent is what is shown. */
    private void resultIsFinal(CommandId id, JsonNode shown) {
        if (!tap.resultsConfirmed().contains(id)) {
            return;
        }
        if (shown.get("outcome").isNull() || shown.get("duration_ms").isNull()) {
            broken.add("3 not final: the result of %s was confirmed and is not stored".formatted(id));
            return;
        }
        boolean exited = records().anyMatch(record -> "0".equals(record.of(id, Step.RESULT)));
        boolean whole = LabAgent.output(id).equals(shown.get("stdout_tail").asString());
        if (exited && shown.get("outcome").asString().equals("exited") && !whole) {
            broken.add("3 not final: the output of %s is %s".formatted(id, shown.get("stdout_tail")));
        }
    }

    private void evidenceIsHonest(CommandId id, JsonNode shown) {
        boolean seen = !tap.offersOf(id).isEmpty();
        boolean executed = records().anyMatch(record -> record.executions(id) > 0);
        boolean known = records().anyMatch(record -> record.knows(id));
        String certainty = shown.get("certainty").asString();
        boolean lie = switch (certainty) {
            case "not_received" -> known; // seen but killed before it was recorded: the record decides
            case "received" -> !known;
            case "not_run" -> executed;
            case "executed" -> !executed;
            default -> false;
        };
        if (lie) {
            broken.add("4 dishonest: %s is %s, but seen on the wire: %s, recorded: %s, executed: %s"
                    .formatted(id, certainty, seen, known, executed));
        }
        for (JsonNode attempt : shown.get("attempts")) {
            attemptIsHonest(id, attempt);
        }
    }

    private void attemptIsHonest(CommandId id, JsonNode attempt) {
        int number = attempt.get("attempt").asInt();
        String connection = attempt.get("connection_id").asString();
        boolean arrived = tap.offersOf(id).stream()
                .anyMatch(
                        offer -> offer.attempt() == number && offer.connection().equals(connection));
        if (attempt.get("never_written").asBoolean() && arrived) {
            broken.add("4 dishonest: attempt %d of %s arrived and is called never written".formatted(number, id));
        }
        if (!attempt.get("acked_at").isNull() && !tap.hasAcked(id, number)) {
            broken.add("4 dishonest: attempt %d of %s was never acknowledged".formatted(number, id));
        }
        JsonNode fence = attempt.get("fence_seq");
        if (!attempt.get("peer_read_at").isNull() && !fence.isNull() && tap.pongedOn(connection) < fence.asLong()) {
            broken.add("4 dishonest: attempt %d of %s: nobody answered its fence".formatted(number, id));
        }
    }

    private void durationsAreNotNegative(CommandId id, JsonNode shown) {
        for (JsonNode attempt : shown.get("attempts")) {
            for (String field : new String[] {"write_ns", "fence_rtt_ns"}) {
                if (!attempt.get(field).isNull() && attempt.get(field).asLong() < 0) {
                    broken.add("8 order: %s of %s is %s".formatted(field, id, attempt.get(field)));
                }
            }
        }
    }

    /** Attempts never go back to an older epoch, and at most one connection of an agent is live. */
    private void oneLiveOwner() {
        db.sql("""
                SELECT a.command_id || ': attempt ' || b.attempt || ' has epoch ' || b.epoch || ' after ' || a.epoch
                  FROM command_attempt a JOIN command_attempt b
                    ON b.command_id = a.command_id AND b.attempt > a.attempt AND b.epoch < a.epoch
                """).query(String.class).list().forEach(one -> broken.add("6 owner: " + one));
        Requests.Answer live = requests.call("GET", "/api/v1/connections?live=true&limit=500", null);
        if (live.status() == 200) {
            live.body()
                    .get("items")
                    .valueStream()
                    .collect(Collectors.groupingBy(one -> one.get("agent_id").asString(), Collectors.counting()))
                    .forEach((agent, count) -> {
                        if (count > 1) {
                            broken.add("6 owner: agent %s has %d live connections".formatted(agent, count));
                        }
                    });
        }
    }

    /** History is numbered without a gap, and nothing leaves an ended state but for late evidence or a person's order. */
    private void orderedByTheServersSequence() {
        db.sql("""
                SELECT command_id || ' has ' || count(*) || ' rows up to ' || max(n)
                  FROM command_history GROUP BY command_id HAVING count(*) <> max(n)
                """).query(String.class).list().forEach(one -> broken.add("8 order: " + one));
        db.sql("""
                SELECT h.command_id || ' went from ' || h.was || ' to ' || h.state || ': ' || h.cause
                  FROM (SELECT command_id, state, cause, lag(state) OVER (PARTITION BY command_id ORDER BY n) AS was
                          FROM command_history WHERE kind = 'state') h
                  JOIN command c ON c.id = h.command_id
                 WHERE h.was IN ('succeeded', 'failed', 'timed_out', 'cancelled', 'expired', 'undeliverable', 'rejected')
                   AND h.state <> h.was
                   AND NOT c.late
                   AND h.cause NOT LIKE '%deliver it again%'
                """).query(String.class).list().forEach(one -> broken.add("8 order: " + one));
    }

    /** A POST without an answer is asked about by its key; each key made at most one command. */
    private void unknownIsResolvable() {
        // Read once: a search for each key would read all commands as often.
        Set<String> made = Set.copyOf(db.sql("SELECT DISTINCT note FROM command WHERE note IS NOT NULL")
                .query(String.class)
                .list());
        for (String key : requests.unanswered()) {
            Requests.Answer answer = answered(key);
            if (!answer.accepted()) {
                broken.add("9 unresolvable: key %s is answered %d".formatted(key, answer.status()));
            } else if (made.contains(key)
                    && !answer.header("idempotency-replayed").equals("true")) {
                broken.add("9 unresolvable: key %s had made a command and made another".formatted(key));
            }
        }
        db.sql("SELECT note FROM command WHERE note IS NOT NULL GROUP BY note HAVING count(*) > 1")
                .query(String.class)
                .list()
                .forEach(key -> broken.add("9 unresolvable: key %s made more than one command".formatted(key)));
    }

    /** It may take a moment until all is well again. */
    private Requests.Answer answered(String key) {
        long deadline = System.nanoTime() + RECOVERY.toNanos();
        Requests.Answer answer = requests.again(key);
        while (!answer.accepted() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(200_000_000);
            answer = requests.again(key);
        }
        return answer;
    }

    /** The cases leave only commands of agents that came back, so all of them are due and come to an end. */
    private void recoversAlone() {
        UUID[] ids = requests.accepted().values().stream().map(CommandId::value).toArray(UUID[]::new);
        long deadline = System.nanoTime() + RECOVERY.toNanos();
        List<String> open = open(ids);
        while (!open.isEmpty() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(100_000_000);
            open = open(ids);
        }
        open.forEach(one -> broken.add("10 did not recover: " + one));
    }

    private List<String> open(UUID[] ids) {
        return db.sql("SELECT id || ' is ' || state FROM command WHERE id = ANY (:ids) AND ended_at IS NULL LIMIT 20")
                .param("ids", ids)
                .query((row, _) -> row.getString(1))
                .list();
    }

    /** Invariant 5: p99 of agents without the fault, in nanoseconds. */
    static void othersNotHurt(long calmP99Ns, long faultP99Ns) {
        assertThat(faultP99Ns)
                .as("5: p99 of others under the fault, against %d ns without it", calmP99Ns)
                .isLessThanOrEqualTo(2 * calmP99Ns);
    }

    /** Invariant 7: something that is counted is back within 10 % of before. */
    static void bounded(String what, long before, long after) {
        assertThat(after)
                .as("7: %s after the fault, against %d before it", what, before)
                .isLessThanOrEqualTo(before + Math.max(before / 10, 8));
    }
}
