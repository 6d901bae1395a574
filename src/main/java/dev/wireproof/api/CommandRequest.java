package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.command.CommandEffect;
import dev.wireproof.command.NewCommand;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.AgentId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a caller wants to have run. Everything but the agent and the script has a default. */
record CommandRequest(
        @Nullable String agentId,
        @Nullable String script,
        @Nullable String interpreter,
        @Nullable List<@Nullable String> args,
        @Nullable Map<String, @Nullable String> env,
        @Nullable String cwd,
        @Nullable Integer timeoutS,
        @Nullable Integer ttlS,
        @Nullable Long maxOutputBytes,
        @Nullable String effect,
        @Nullable Boolean secret,
        @Nullable String note) {
    static final int SCRIPT_BYTES = 256 * 1024;
    private static final int MOST_ARGS = 256;
    private static final int MOST_ENV = 256;
    private static final int NAME_LENGTH = 256;
    private static final int VALUE_LENGTH = 32 * 1024;
    private static final int PATH_LENGTH = 4_096;
    private static final int NOTE_LENGTH = 1_000;
    private static final int DAY_S = 86_400;
    private static final int LONGEST_TTL_S = 30 * DAY_S;
    private static final long OUTPUT = 1L << 20;
    private static final long MOST_OUTPUT = 64L << 20;
    private static final Set<String> INTERPRETERS = new TreeSet<>(AgentConfigJson.INTERPRETERS);
    private static final Set<String> EFFECTS = Set.of("once", "repeatable");
    private static final AgentId NOBODY = new AgentId(new UUID(0, 0));

    /** The same with every field checked, for the agent it names. */
    record Checked(AgentId agent, @Nullable String interpreter, Rest rest) {
        NewCommand forAgentAt(Agents.Place place, Caller caller) {
            return new NewCommand(
                    agent,
                    place.site(),
                    interpreter == null ? NewCommand.standardInterpreter(place.osFamily()) : interpreter,
                    rest.script(),
                    rest.args(),
                    rest.env(),
                    rest.cwd(),
                    Duration.ofSeconds(rest.timeoutS()),
                    Duration.ofSeconds(rest.ttlS()),
                    rest.maxOutputBytes(),
                    rest.effect(),
                    rest.secret(),
                    caller.name(),
                    rest.note(),
                    caller.tokenId());
        }

        /** Which script it was, without a word of it. */
        Map<String, String> forAudit() {
            return Map.of(
                    "agent",
                    agent.toString(),
                    "script_sha256",
                    HexFormat.of().formatHex(BodyReader.sha256(rest.script().getBytes(StandardCharsets.UTF_8))));
        }
    }

    record Rest(
            String script,
            List<String> args,
            Map<String, String> env,
            @Nullable String cwd,
            int timeoutS,
            int ttlS,
            long maxOutputBytes,
            CommandEffect effect,
            boolean secret,
            @Nullable String note) {}

    /** As {@link #checked}, without an agent. @param prefix of the fields' names; the caller asks whether all is well */
    Checked checkedForMany(Checks checks, String prefix) {
        Checks own = new Checks();
        Rest rest = rest(own);
        checks.addAll(prefix, own);
        return new Checked(NOBODY, interpreter, rest);
    }

    /** @throws ProblemException 400 naming every bad field */
    Checked checked() {
        Checks checks = new Checks();
        AgentId agent = checks.agent("agent_id", agentId);
        if (agentId == null) {
            checks.bad("agent_id", "is required");
        }
        Rest rest = rest(checks);
        checks.done();
        return new Checked(agent == null ? NOBODY : agent, interpreter, rest);
    }

    private Rest rest(Checks checks) {
        if (interpreter != null) {
            checks.oneOf("interpreter", interpreter, INTERPRETERS, "sh");
        }
        return new Rest(
                checkedScript(checks),
                checkedArgs(checks),
                checkedEnv(checks),
                checks.optionalText("cwd", cwd, PATH_LENGTH),
                checks.range("timeout_s", timeoutS, 1, DAY_S, (int) NewCommand.DEFAULT_TIMEOUT.toSeconds()),
                checks.range("ttl_s", ttlS, 1, LONGEST_TTL_S, (int) NewCommand.DEFAULT_TIME_TO_LIVE.toSeconds()),
                checks.range("max_output_bytes", maxOutputBytes, 1, MOST_OUTPUT, OUTPUT),
                checks.oneOf("effect", effect, EFFECTS, "once").equals("once")
                        ? CommandEffect.ONCE
                        : CommandEffect.REPEATABLE,
                Boolean.TRUE.equals(secret),
                checks.optionalText("note", note, NOTE_LENGTH));
    }

    private String checkedScript(Checks checks) {
        String text = checks.text("script", script, SCRIPT_BYTES);
        // A character is at most three bytes of UTF-8 for each char, so only long scripts need the exact count.
        if (text.length() > SCRIPT_BYTES / 3
                && text.length() <= SCRIPT_BYTES
                && text.getBytes(StandardCharsets.UTF_8).length > SCRIPT_BYTES) {
            checks.bad("script", "must have at most " + SCRIPT_BYTES + " bytes in UTF-8");
        }
        return text;
    }

    private List<String> checkedArgs(Checks checks) {
        if (args == null) {
            return List.of();
        }
        if (args.size() > MOST_ARGS) {
            checks.bad("args", "must have at most " + MOST_ARGS + " elements");
            return List.of();
        }
        List<String> checked = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            checked.add(present(checks, "args[" + i + "]", args.get(i)));
        }
        return checked;
    }

    private Map<String, String> checkedEnv(Checks checks) {
        if (env == null) {
            return Map.of();
        }
        if (env.size() > MOST_ENV) {
            checks.bad("env", "must have at most " + MOST_ENV + " entries");
            return Map.of();
        }
        Map<String, String> checked = new LinkedHashMap<>();
        env.forEach((name, value) -> {
            if (name.isEmpty() || name.length() > NAME_LENGTH || name.indexOf('=') >= 0) {
                checks.bad("env", "names must have 1 to " + NAME_LENGTH + " characters and no =");
            }
            checked.put(name, present(checks, "env." + name, value));
        });
        return checked;
    }

    private static String present(Checks checks, String field, @Nullable String value) {
        if (value == null) {
            checks.bad(field, "must be a string");
            return "";
        }
        if (value.length() > VALUE_LENGTH) {
            checks.bad(field, "must have at most " + VALUE_LENGTH + " characters");
        }
        return value;
    }
}
