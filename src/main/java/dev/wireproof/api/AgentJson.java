package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.connection.AgentLine;
import dev.wireproof.connection.CommandPath;
import dev.wireproof.connection.ConfigAnswer;
import dev.wireproof.fleet.Agent;
import dev.wireproof.fleet.Configs;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An agent as the API shows it. What it says of itself (hostname, os, version) is shown and not trusted.
 *
 * @param status pending, online, suspect, conflicted or offline
 * @param connectionId of its live connection; null when it has none
 * @param sameDeviceAs the agent that had enrolled with its device id before, where the caller may see that one
 * @param conflict set while two processes use its identity
 * @param config what holds for it, and what it said of it; null in lists
 */
record AgentJson(
        UUID id,
        String hostname,
        @Nullable String displayName,
        UUID siteId,
        OsJson os,
        String agentVersion,
        String deviceId,
        List<String> capabilities,
        Map<String, String> tags,
        String status,
        Instant createdAt,
        @Nullable Instant lastSeenAt,
        @Nullable Instant lastAckAt,
        @Nullable Instant lastPongAt,
        @Nullable Instant lastEchoAt,
        @Nullable UUID connectionId,
        CommandPathJson commandPath,
        @Nullable UUID sameDeviceAs,
        @Nullable ConflictJson conflict,
        @Nullable EffectiveConfigJson config) {

    static final String PENDING = "pending";
    static final List<String> STATUSES = List.of(PENDING, "online", "suspect", "conflicted", "offline");

    record OsJson(String family, String name, String version, String arch) {
        static OsJson of(AgentMessage.Os os) {
            return new OsJson(os.family(), os.name(), os.version(), os.arch());
        }
    }

    /** @param status proven, unproven or failing */
    record CommandPathJson(String status, @Nullable Instant since, String evidence) {
        static CommandPathJson of(CommandPath path) {
            return new CommandPathJson(path.status().wireName(), path.since(), path.evidence());
        }
    }

    record ConflictJson(Instant since, List<String> addresses) {}

    /**
     * @param version 0: the standard one
     * @param answer what the agent said about the newest version of which it said anything on its live connection
     */
    record EffectiveConfigJson(
            long version, AgentConfigJson config, @Nullable ConfigAnswerJson answer) {}

    /** @param applied false: it goes on with what it had before */
    record ConfigAnswerJson(long version, boolean applied) {
        static @Nullable ConfigAnswerJson of(@Nullable ConfigAnswer answer) {
            return answer == null ? null : new ConfigAnswerJson(answer.version(), answer.applied());
        }
    }

    static AgentJson of(Agent agent, AgentLine line, Caller caller, Configs.@Nullable Effective config) {
        ConnectionId live = line.connectionId();
        AgentLine.Conflict conflict = line.conflict();
        return new AgentJson(
                agent.id().value(),
                agent.hostname(),
                agent.displayName(),
                agent.site().value(),
                OsJson.of(agent.os()),
                agent.agentVersion(),
                agent.deviceId(),
                agent.capabilities(),
                agent.tags(),
                status(agent, line),
                agent.createdAt(),
                line.lastSeenAt(),
                line.lastAckAt(),
                line.lastPongAt(),
                line.lastEchoAt(),
                live == null ? null : live.value(),
                CommandPathJson.of(line.path()),
                predecessor(agent, caller),
                conflict == null ? null : new ConflictJson(conflict.since(), conflict.addresses()),
                config == null
                        ? null
                        : new EffectiveConfigJson(
                                config.version(),
                                AgentConfigJson.of(config.config()),
                                ConfigAnswerJson.of(line.configAnswer())));
    }

    private static @Nullable UUID predecessor(Agent agent, Caller caller) {
        AgentId same = agent.sameDeviceAs();
        SiteId site = agent.sameDeviceSite();
        boolean shown = caller.seesAll() || (site != null && caller.sees(site));
        return same == null || !shown ? null : same.value();
    }

    static String status(Agent agent, AgentLine line) {
        return agent.pending() ? PENDING : line.status().name().toLowerCase(Locale.ROOT);
    }
}
