package dev.wireproof.diagnosis;

import dev.wireproof.command.TimelineEntry;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The door of this room. All methods read the database: call them on a virtual thread. Who may see what is the caller's business. */
public interface Diagnoses {
    Duration SHORTEST = Duration.ofSeconds(10);
    Duration STANDARD = Duration.ofSeconds(150);
    Duration LONGEST = Duration.ofSeconds(600);

    /** What became of a wish to probe an agent. */
    sealed interface Begun {
        /** It runs. */
        record Running(Diagnosis diagnosis) implements Begun {}

        /** One runs already for this agent. */
        record Already(UUID running) implements Begun {}

        /** The server has all the probes that it can run at a time. */
        record TooMany() implements Begun {}
    }

    /** @param evictAndRepeat whether to evict the agent after it and to probe its next connection too */
    Begun probe(AgentId agent, SiteId site, Duration duration, boolean evictAndRepeat, String by);

    Optional<Diagnosis> find(UUID id);

    /** The newest that judges this command. */
    Optional<Diagnosis> ofCommand(CommandId command);

    /** The newest for each of them that has one. */
    Map<CommandId, UUID> ofCommands(Collection<CommandId> commands);

    /**
     * Newest first.
     *
     * @param sites only those that were made while the agent stood at one of these; null: all
     * @param before the id where the page before ended; null: from the newest
     */
    List<Diagnosis> ofAgent(AgentId agent, @Nullable Set<SiteId> sites, @Nullable UUID before, int limit);

    /** A command's own timeline with the frames and heartbeats around it, in the server's order. Empty when there is no such command */
    Optional<List<TimelineEntry>> timeline(CommandId command);

    /** Everything known of a command as one signed JSON document. Empty when there is no such command */
    Optional<byte[]> evidence(CommandId command);

    /** By which key this server signs evidence. */
    EvidenceSigner signer();
}
