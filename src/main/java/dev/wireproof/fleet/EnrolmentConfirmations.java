package dev.wireproof.fleet;

import dev.wireproof.access.AgentKeys;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.id.AgentId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Agents that used their enrolling connection, written down in batches: the call comes from a reading thread and must not block. One that
 * is lost with the server does no harm, the next Auth with the key confirms it too.
 */
@Component
class EnrolmentConfirmations implements SmartLifecycle {
    private static final int BOUND = 50_000;
    private static final int BATCH = 1_000;

    private final Set<AgentId> waiting = ConcurrentHashMap.newKeySet();
    private final AgentRows agents;
    private final AgentKeys keys;
    private final TransactionTemplate transaction;
    private volatile @Nullable RepeatingTask task;

    EnrolmentConfirmations(AgentRows agents, AgentKeys keys, TransactionTemplate transaction) {
        this.agents = agents;
        this.keys = keys;
        this.transaction = transaction;
    }

    void add(AgentId agent) {
        if (waiting.size() < BOUND) {
            waiting.add(agent);
        }
    }

    /** Confirmed, though its row may not say so yet. */
    boolean waiting(AgentId agent) {
        return waiting.contains(agent);
    }

    /** One round of the loop. What cannot be written stays for the next one. */
    void writeOnce() {
        List<AgentId> batch;
        while (!(batch = waiting.stream().limit(BATCH).toList()).isEmpty()) {
            List<AgentId> confirmed = batch;
            transaction.executeWithoutResult(status -> {
                agents.confirmEnrollment(confirmed);
                keys.confirmFirst(confirmed);
            });
            confirmed.forEach(waiting::remove);
        }
    }

    @Override
    public void start() {
        task = RepeatingTask.start(
                "enrolment-confirmations", Duration.ofMillis(100), Duration.ofSeconds(2), this::writeOnce);
    }

    @Override
    public void stop() {
        RepeatingTask running = task;
        if (running != null) {
            running.close();
            task = null;
            writeOnce();
        }
    }

    @Override
    public boolean isRunning() {
        return task != null;
    }

    @Override
    public int getPhase() {
        return 0;
    }
}
