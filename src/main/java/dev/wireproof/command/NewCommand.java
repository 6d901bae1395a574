package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What someone wants an agent to run. Limits of single fields are the API's business; this room only checks what it must store.
 *
 * @param siteId the agent's site when the command was made: decides who may see it, also after the agent moved
 * @param interpreter sh, bash, powershell, cmd or python
 * @param cwd null: the agent's own choice
 * @param timeout how long it may run; whole seconds
 * @param timeToLive how long it may wait for an ack; whole seconds
 * @param secret its script, arguments, environment and output are shown to nobody, but by the call for its output
 * @param createdBy who asked, for people to read
 * @param note null when nobody left one
 * @param tokenId whose token asked; null for what the server asks itself
 */
public record NewCommand(
        AgentId agentId,
        SiteId siteId,
        String interpreter,
        String script,
        List<String> args,
        Map<String, String> env,
        @Nullable String cwd,
        Duration timeout,
        Duration timeToLive,
        long maxOutputBytes,
        CommandEffect effect,
        boolean secret,
        String createdBy,
        @Nullable String note,
        @Nullable UUID tokenId) {

    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(300);
    public static final Duration DEFAULT_TIME_TO_LIVE = Duration.ofHours(24);

    public NewCommand {
        args = List.copyOf(args);
        env = Map.copyOf(env);
    }

    /** The one that an agent of that system has, where none is asked for. */
    public static String standardInterpreter(String osFamily) {
        return osFamily.equals("windows") ? "powershell" : "sh";
    }

    /** The same, with less time to wait for an ack. */
    NewCommand withTimeToLive(Duration left) {
        return new NewCommand(
                agentId,
                siteId,
                interpreter,
                script,
                args,
                env,
                cwd,
                timeout,
                left,
                maxOutputBytes,
                effect,
                secret,
                createdBy,
                note,
                tokenId);
    }
}
