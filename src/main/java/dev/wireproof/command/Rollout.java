package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One command for many agents, as it stands.
 *
 * @param why what brought it to its state
 * @param approvedBy null when nobody had to, or has not yet
 * @param maxErrors null: any number
 * @param byState how many targets are in which state; a target without a command is {@code waiting}, {@code cancelled} or {@code expired}.
 *     The sum is {@code targets}
 * @param byCertainty likewise; a target without a command has not received it
 * @param sites of its targets when it was asked for
 */
public record Rollout(
        UUID id,
        Instant createdAt,
        String createdBy,
        UUID tokenId,
        RolloutState state,
        Instant stateSince,
        String why,
        @Nullable String approvedBy,
        int maxConcurrency,
        @Nullable Integer maxErrors,
        int targets,
        String script,
        Map<String, Integer> byState,
        Map<String, Integer> byCertainty,
        Set<SiteId> sites) {
    public Rollout {
        byState = Map.copyOf(byState);
        byCertainty = Map.copyOf(byCertainty);
        sites = Set.copyOf(sites);
    }

    /** @param osFamily decides the interpreter where none is asked for */
    public record Target(AgentId agent, SiteId site, String osFamily) {}

    /**
     * What someone wants many agents to run.
     *
     * @param interpreter null: the standard one of each agent's system
     * @param maxErrors null: any number
     * @param held whether a second person has to approve it
     */
    public record Wanted(
            List<Target> targets,
            @Nullable String interpreter,
            String script,
            List<String> args,
            Map<String, String> env,
            @Nullable String cwd,
            int timeoutS,
            int ttlS,
            long maxOutputBytes,
            CommandEffect effect,
            boolean secret,
            @Nullable String note,
            int maxConcurrency,
            @Nullable Integer maxErrors,
            boolean held,
            UUID tokenId,
            String by) {
        public Wanted {
            targets = List.copyOf(targets);
            args = List.copyOf(args);
            env = Map.copyOf(env);
        }
    }
}
