package dev.wireproof.diagnosis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.Received;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ProtocolFault;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The last protocol errors of agents, with the hash of the text that each is about: the frame's row has not that. Bounded, and in memory
 * only: after a restart such an error is counted and no longer tied to a command, which claims less.
 */
final class AgentFaults implements AgentMessageHandler<AgentMessage.ProtocolError> {
    private static final int CONNECTIONS = 5_000;
    private static final int EACH = 16;
    private static final int WORDS = 300;

    /** @param sha256 of the text that the agent could not use; null when it told none */
    record Fault(
            long receivedNs,
            String code,
            String message,
            @Nullable String sha256) {}

    private final Cache<ConnectionId, ArrayDeque<Fault>> said = Caffeine.newBuilder()
            .maximumSize(CONNECTIONS)
            .expireAfterWrite(Duration.ofHours(1))
            .build();

    @Override
    public Class<AgentMessage.ProtocolError> messageType() {
        return AgentMessage.ProtocolError.class;
    }

    @Override
    public void handle(AgentLink from, Received<AgentMessage.ProtocolError> received) {
        ProtocolFault fault = received.message().fault();
        ArrayDeque<Fault> faults = said.get(from.connectionId(), _ -> new ArrayDeque<>(2));
        synchronized (faults) {
            faults.add(new Fault(
                    received.receivedNs(),
                    fault.code().name().toLowerCase(Locale.ROOT),
                    Quoted.plain(fault.message(), WORDS),
                    fault.sha256()));
            if (faults.size() > EACH) {
                faults.poll();
            }
        }
    }

    List<Fault> of(ConnectionId connection) {
        ArrayDeque<Fault> faults = said.getIfPresent(connection);
        if (faults == null) {
            return List.of();
        }
        synchronized (faults) {
            return List.copyOf(faults);
        }
    }
}
