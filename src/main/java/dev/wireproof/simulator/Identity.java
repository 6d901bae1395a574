package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage.Credentials;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who a simulated agent is. Belongs to its agent's loop; others may ask for its id.
 *
 * <p>{@code name} is its host name and, with a fleet's prefix, its device id.
 */
final class Identity {
    final String name;
    final String deviceId;
    final UUID instanceId = UUID.randomUUID();
    final SimulatedLedger ledger;
    private volatile @Nullable AgentId agentId;
    private @Nullable String agentKey;
    private @Nullable Long lastEpoch;
    private final @Nullable String enrollmentToken;

    Identity(String name, String deviceId, @Nullable String enrollmentToken, SimulatedLedger ledger) {
        this.name = name;
        this.deviceId = deviceId;
        this.enrollmentToken = enrollmentToken;
        this.ledger = ledger;
    }

    /** It was enrolled before. */
    void known(AgentId id, String key, @Nullable Long epoch) {
        agentId = id;
        agentKey = key;
        lastEpoch = epoch;
    }

    /** An AuthAck came. @param key null when this Auth did not enrol it */
    void admitted(AgentId id, @Nullable String key, long epoch) {
        agentId = id;
        if (key != null) {
            agentKey = key;
        }
        lastEpoch = lastEpoch == null ? epoch : Math.max(lastEpoch, epoch);
    }

    /** @return null when there is neither a key nor a token to show */
    @Nullable
    Credentials credentials() {
        AgentId id = agentId;
        if (id != null && agentKey != null) {
            return new Credentials.Enrolled(id, agentKey);
        }
        return enrollmentToken == null ? null : new Credentials.Enrolling(enrollmentToken, deviceId);
    }

    @Nullable
    AgentId agentId() {
        return agentId;
    }

    @Nullable
    String agentKey() {
        return agentKey;
    }

    @Nullable
    Long lastEpoch() {
        return lastEpoch;
    }
}
