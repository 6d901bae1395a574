package dev.wireproof.api;

import dev.wireproof.protocol.ServerMessage.AgentConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an agent is to do. In a request, a field that is left out keeps the value before. */
record AgentConfigJson(
        @Nullable Integer heartbeatIntervalS,
        @Nullable Integer maxConcurrentCommands,
        @Nullable Long maxOutputBytes,
        @Nullable List<@Nullable String> allowedInterpreters,
        @Nullable Boolean trace) {
    static final AgentConfigJson NONE = new AgentConfigJson(null, null, null, null, null);
    static final List<String> INTERPRETERS = List.of("sh", "bash", "powershell", "cmd", "python");
    static final long MOST_OUTPUT = 1L << 30;

    static AgentConfigJson of(AgentConfig config) {
        return new AgentConfigJson(
                config.heartbeatIntervalS(),
                config.maxConcurrentCommands(),
                config.maxOutputBytes(),
                List.copyOf(config.allowedInterpreters()),
                config.trace());
    }

    /** @param prefix of the fields' names in errors */
    AgentConfig checked(Checks checks, String prefix, AgentConfig before) {
        return new AgentConfig(
                checks.range(prefix + "heartbeat_interval_s", heartbeatIntervalS, 5, 3600, before.heartbeatIntervalS()),
                checks.range(
                        prefix + "max_concurrent_commands",
                        maxConcurrentCommands,
                        1,
                        64,
                        before.maxConcurrentCommands()),
                checks.range(prefix + "max_output_bytes", maxOutputBytes, 1, MOST_OUTPUT, before.maxOutputBytes()),
                interpreters(checks, prefix + "allowed_interpreters", before.allowedInterpreters()),
                trace == null ? before.trace() : trace);
    }

    private List<String> interpreters(Checks checks, String field, List<String> before) {
        List<@Nullable String> given = allowedInterpreters;
        if (given == null) {
            return before;
        }
        if (given.isEmpty() || given.size() > INTERPRETERS.size()) {
            checks.bad(field, "must have 1 to " + INTERPRETERS.size() + " elements");
        }
        Set<String> allowed = Set.copyOf(INTERPRETERS);
        List<String> checked = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            String name = given.get(i);
            String at = field + "[" + i + "]";
            if (name == null) {
                checks.bad(at, "must be a string");
            } else {
                checked.add(checks.oneOf(at, name, allowed, "sh"));
            }
        }
        return checked;
    }
}
