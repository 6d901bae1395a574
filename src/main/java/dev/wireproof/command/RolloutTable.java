package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** The statements on the tables {@code rollout} and {@code rollout_target}. */
final class RolloutTable {
    private static final JsonMapper JSON = new JsonMapper();
    /** A command that waits longer than this for its agent, which was there a moment ago, takes nobody's place. */
    private static final Duration ABOUT_TO_GO = Duration.ofSeconds(10);

    private static final String INSERT = """
        WITH made AS (
            INSERT INTO rollout (id, created_at, created_by, token_id, state, state_since, why, max_concurrency, max_errors, targets,
                                 interpreter, script, args, env, cwd, timeout_s, ttl_s, max_output_bytes, effect, secret, note)
            VALUES (:id, :now, :by, :token, :state, :now, :why, :concurrency, :errors, :targets,
                    :interpreter, :script, :args::json, :env::json, :cwd, :timeout, :ttl, :output, :effect, :secret, :note)
            RETURNING id)
        INSERT INTO rollout_target (rollout_id, n, agent_id, site_id, os_family)
        SELECT made.id, t.n, t.agent, t.site, t.os
          FROM made, unnest(:agents::uuid[], :sites::uuid[], :os::text[]) WITH ORDINALITY AS t(agent, site, os, n)
        """;

    private static final String FIND = "SELECT * FROM rollout WHERE id = :id";
    private static final String OPEN =
            "SELECT * FROM rollout WHERE state IN ('held', 'running') ORDER BY created_at LIMIT :limit";
    private static final String COUNTS = """
        SELECT coalesce(c.state, t.ended, CASE WHEN r.state IN ('held', 'running') THEN 'waiting' ELSE 'cancelled' END) AS state,
               coalesce(c.certainty, 'not_received') AS certainty,
               count(*) AS targets
          FROM rollout r
          JOIN rollout_target t ON t.rollout_id = r.id
          LEFT JOIN command c ON c.id = t.command_id
         WHERE r.id = :id
         GROUP BY 1, 2
        """;
    private static final String SITES = "SELECT DISTINCT site_id FROM rollout_target WHERE rollout_id = :id";
    private static final String FACTS = """
        SELECT count(*) FILTER (WHERE t.command_id IS NULL AND t.ended IS NULL) AS waiting,
               count(*) FILTER (WHERE c.state IN ('offered', 'acked', 'running')
                                   OR (c.state = 'queued' AND c.state_since > :recently)) AS in_flight,
               count(*) FILTER (WHERE c.state IN ('queued', 'offered', 'acked', 'running')) AS open,
               count(*) FILTER (WHERE c.state = 'succeeded') AS succeeded,
               count(*) FILTER (WHERE c.state IN ('failed', 'timed_out') AND c.certainty = 'executed') AS failed
          FROM rollout_target t
          LEFT JOIN command c ON c.id = t.command_id
         WHERE t.rollout_id = :id
        """;
    private static final String MOVE = """
        UPDATE rollout SET state = :to, state_since = :now, why = :why WHERE id = :id AND state = ANY (:from::text[])
        """;
    private static final String APPROVE = """
        UPDATE rollout SET state = 'running', state_since = :now, why = :why, approved_by = :by, approved_token = :token
         WHERE id = :id AND state = 'held' AND token_id <> :token
        """;
    private static final String EXPIRE =
            "UPDATE rollout_target SET ended = 'expired' WHERE rollout_id = :id AND command_id IS NULL AND ended IS"
                    + " NULL";
    private static final String END =
            "UPDATE rollout_target SET ended = :how WHERE rollout_id = :id AND n = :n AND command_id IS NULL";
    private static final String RELEASED =
            "UPDATE rollout_target SET command_id = :command WHERE rollout_id = :id AND n = :n AND ended IS NULL";
    /** In the order in which they were named; with where the agent stands now. For the array see {@link #WAITING_OF}. */
    private static final String WAITING = """
        SELECT t.n, t.agent_id, t.os_family, a.site_id
          FROM rollout_target t
          LEFT JOIN agent a ON a.id = t.agent_id AND a.deleted_at IS NULL
         WHERE t.rollout_id = :id
           AND t.command_id IS NULL
           AND t.ended IS NULL
           AND (a.id IS NULL OR t.agent_id = ANY ((SELECT :connected::uuid[])::uuid[]))
         ORDER BY t.n
         LIMIT :limit
        """;

    private static final String OF_COMMANDS =
            "SELECT command_id, rollout_id FROM rollout_target WHERE command_id = ANY (:ids::uuid[])";
    private static final String QUEUED_OF_ENDED = """
        SELECT c.id
          FROM rollout r
          JOIN rollout_target t ON t.rollout_id = r.id
          JOIN command c ON c.id = t.command_id
         WHERE r.state IN ('stopped', 'cancelled')
           AND r.state_since > :since
           AND c.state = 'queued'
         LIMIT 500
        """;
    /** The arrays stand in selects of their own, or PostgreSQL would read their text anew for each row. */
    private static final String WAITING_OF = """
        SELECT id
          FROM command
         WHERE token_id = ANY ((SELECT :tokens::uuid[])::uuid[])
           AND (state = 'queued'
                OR (state = 'offered'
                    AND cancel_requested_at IS NULL
                    AND agent_id <> ALL ((SELECT :connected::uuid[])::uuid[])))
         LIMIT 500
        """;

    /** One that may still do something, with what its commands are made of. */
    record Running(
            UUID id,
            Instant createdAt,
            String createdBy,
            UUID tokenId,
            RolloutState state,
            int maxConcurrency,
            int maxErrors,
            int ttlS,
            Function<Waiting, NewCommand> maker) {
        NewCommand commandFor(Waiting target, int ttlS) {
            NewCommand whole = maker.apply(target);
            return whole.timeToLive().toSeconds() <= ttlS ? whole : whole.withTimeToLive(Duration.ofSeconds(ttlS));
        }
    }

    /** @param siteNow null when the agent is gone */
    record Waiting(
            int n, AgentId agent, String osFamily, @Nullable SiteId siteNow) {}

    private final JdbcClient db;

    RolloutTable(JdbcClient db) {
        this.db = db;
    }

    int insert(UUID id, Rollout.Wanted what, Instant now) {
        return db.sql(INSERT)
                .param("id", id)
                .param("now", utc(now))
                .param("by", what.by())
                .param("token", what.tokenId())
                .param("state", what.held() ? "held" : "running")
                .param("why", what.held() ? "a second person has to approve it" : "asked for")
                .param("concurrency", what.maxConcurrency())
                .param("errors", what.maxErrors())
                .param("targets", what.targets().size())
                .param("interpreter", what.interpreter())
                .param("script", what.script())
                .param("args", JSON.writeValueAsString(what.args()))
                .param("env", JSON.writeValueAsString(what.env()))
                .param("cwd", what.cwd())
                .param("timeout", what.timeoutS())
                .param("ttl", what.ttlS())
                .param("output", what.maxOutputBytes())
                .param("effect", what.effect().wireName())
                .param("secret", what.secret())
                .param("note", what.note())
                .param("agents", array(what.targets(), Rollout.Target::agent))
                .param("sites", array(what.targets(), Rollout.Target::site))
                .param("os", array(what.targets(), Rollout.Target::osFamily))
                .update();
    }

    Optional<Rollout> find(UUID id) {
        return db.sql(FIND).param("id", id).query((rs, _) -> view(rs)).optional();
    }

    private Rollout view(ResultSet rs) throws SQLException {
        UUID id = RowReader.uuid(rs, "id");
        Map<String, Integer> byState = new HashMap<>();
        Map<String, Integer> byCertainty = new HashMap<>();
        db.sql(COUNTS).param("id", id).query(row -> {
            byState.merge(row.getString("state"), row.getInt("targets"), Integer::sum);
            byCertainty.merge(row.getString("certainty"), row.getInt("targets"), Integer::sum);
        });
        Set<SiteId> sites = new HashSet<>(db.sql(SITES)
                .param("id", id)
                .query((row, _) -> new SiteId(RowReader.uuid(row, "site_id")))
                .list());
        return new Rollout(
                id,
                RowReader.instant(rs, "created_at"),
                rs.getString("created_by"),
                RowReader.uuid(rs, "token_id"),
                RolloutState.ofWireName(rs.getString("state")),
                RowReader.instant(rs, "state_since"),
                rs.getString("why"),
                rs.getString("approved_by"),
                rs.getInt("max_concurrency"),
                rs.getObject("max_errors", Integer.class),
                rs.getInt("targets"),
                rs.getBoolean("secret") ? CommandQueries.HIDDEN : rs.getString("script"),
                byState,
                byCertainty,
                sites);
    }

    List<Running> open(int limit) {
        return db.sql(OPEN).param("limit", limit).query((rs, _) -> running(rs)).list();
    }

    private static Running running(ResultSet rs) throws SQLException {
        String interpreter = rs.getString("interpreter");
        String script = rs.getString("script");
        List<String> args = CommandBody.strings(rs.getString("args"));
        Map<String, String> env = CommandBody.stringMap(rs.getString("env"));
        String cwd = rs.getString("cwd");
        Duration timeout = Duration.ofSeconds(rs.getInt("timeout_s"));
        int ttlS = rs.getInt("ttl_s");
        long output = rs.getLong("max_output_bytes");
        CommandEffect effect = rs.getString("effect").equals(CommandEffect.REPEATABLE.wireName())
                ? CommandEffect.REPEATABLE
                : CommandEffect.ONCE;
        boolean secret = rs.getBoolean("secret");
        String by = rs.getString("created_by");
        String note = rs.getString("note");
        UUID token = RowReader.uuid(rs, "token_id");
        return new Running(
                RowReader.uuid(rs, "id"),
                RowReader.instant(rs, "created_at"),
                by,
                token,
                RolloutState.ofWireName(rs.getString("state")),
                rs.getInt("max_concurrency"),
                rs.getInt("max_errors"), // 0 for null
                ttlS,
                target -> new NewCommand(
                        target.agent(),
                        java.util.Objects.requireNonNull(target.siteNow()),
                        interpreter == null ? NewCommand.standardInterpreter(target.osFamily()) : interpreter,
                        script,
                        args,
                        env,
                        cwd,
                        timeout,
                        Duration.ofSeconds(ttlS),
                        output,
                        effect,
                        secret,
                        by,
                        note,
                        token));
    }

    RolloutLifecycle.Facts facts(Running one, boolean allowed, Instant now) {
        return db.sql(FACTS)
                .param("id", one.id())
                .param("recently", utc(now.minus(ABOUT_TO_GO)))
                .query((rs, _) -> new RolloutLifecycle.Facts(
                        one.state(),
                        one.maxConcurrency(),
                        one.maxErrors(),
                        rs.getInt("waiting"),
                        rs.getInt("in_flight"),
                        rs.getInt("open"),
                        rs.getInt("succeeded"),
                        rs.getInt("failed"),
                        !now.isBefore(one.createdAt().plusSeconds(one.ttlS())),
                        allowed))
                .single();
    }

    /** @return false when it was in none of these states */
    boolean move(UUID id, Set<RolloutState> from, RolloutState to, String why, Instant now) {
        return db.sql(MOVE)
                        .param("id", id)
                        .param("from", array(from, RolloutState::wireName))
                        .param("to", to.wireName())
                        .param("why", why)
                        .param("now", utc(now))
                        .update()
                == 1;
    }

    boolean approve(UUID id, UUID token, String by, Instant now) {
        return db.sql(APPROVE)
                        .param("id", id)
                        .param("token", token)
                        .param("by", by)
                        .param("why", "approved by " + by)
                        .param("now", utc(now))
                        .update()
                == 1;
    }

    void expire(UUID id) {
        db.sql(EXPIRE).param("id", id).update();
    }

    void end(UUID id, int n, String how) {
        db.sql(END).param("id", id).param("n", n).param("how", how).update();
    }

    void released(UUID id, int n, CommandId command) {
        db.sql(RELEASED)
                .param("id", id)
                .param("n", n)
                .param("command", command.value())
                .update();
    }

    /** Those whose agents are connected, and those whose agents are gone. */
    List<Waiting> waiting(UUID id, Collection<AgentId> connected, int limit) {
        return db.sql(WAITING)
                .param("id", id)
                .param("connected", array(connected, agent -> agent))
                .param("limit", limit)
                .query((rs, _) -> {
                    UUID site = rs.getObject("site_id", UUID.class);
                    return new Waiting(
                            rs.getInt("n"),
                            new AgentId(RowReader.uuid(rs, "agent_id")),
                            rs.getString("os_family"),
                            site == null ? null : new SiteId(site));
                })
                .list();
    }

    Map<CommandId, UUID> ofCommands(Collection<CommandId> ids) {
        Map<CommandId, UUID> found = new HashMap<>();
        db.sql(OF_COMMANDS).param("ids", array(ids, id -> id)).query(rs -> {
            found.put(new CommandId(RowReader.uuid(rs, "command_id")), RowReader.uuid(rs, "rollout_id"));
        });
        return found;
    }

    /** Commands that no agent was offered, of those that were stopped since then. */
    List<CommandId> queuedOfEnded(Instant since) {
        return db.sql(QUEUED_OF_ENDED)
                .param("since", utc(since))
                .query((rs, _) -> new CommandId(RowReader.uuid(rs, "id")))
                .list();
    }

    /** Commands of these tokens that no agent was offered, or whose agent went without a word: both wait for it to come. */
    List<CommandId> waitingOf(Collection<UUID> tokens, Collection<AgentId> connected) {
        return db.sql(WAITING_OF)
                .param("tokens", array(tokens, token -> token))
                .param("connected", array(connected, agent -> agent))
                .query((rs, _) -> new CommandId(RowReader.uuid(rs, "id")))
                .list();
    }

    private static <T> String array(Collection<T> all, Function<T, Object> element) {
        return all.stream().map(one -> element.apply(one).toString()).collect(Collectors.joining(",", "{", "}"));
    }

    private static OffsetDateTime utc(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
