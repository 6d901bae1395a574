package dev.wireproof.command;

import dev.wireproof.access.SiteArrays;
import dev.wireproof.command.CommandView.Result;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads commands for people. */
class CommandQueries {
    private static final int TAIL_BYTES = 4 * 1024;
    /** What is shown in place of what a secret command runs. */
    static final String HIDDEN = "(secret)";

    private static final String WHOLE =
            "seq, site_id, created_at, created_by, note, interpreter, script, args, env, cwd, secret, "
                    + RowReader.COLUMNS;

    private static final String FIND = "SELECT %s FROM command WHERE id = ANY (:ids)".formatted(WHOLE);

    private static final String HAND_OVER =
            "UPDATE command SET token_id = :token WHERE id = :id AND state IN ('undeliverable', 'expired')";

    private static final String LIST = """
        SELECT %s
          FROM command
         WHERE seq < :after
           AND (:anySite OR site_id = ANY (:sites))
           AND (CAST(:agent AS uuid) IS NULL OR agent_id = :agent)
           AND (CAST(:state AS text) IS NULL OR state = :state)
           AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
           AND (CAST(:until AS timestamptz) IS NULL OR created_at < :until)
           AND (CAST(:text AS text) IS NULL
                OR (NOT secret AND position(lower(:text) IN lower(script)) > 0)
                OR position(lower(:text) IN lower(coalesce(note, ''))) > 0)
           AND (CAST(:batch AS uuid) IS NULL
                OR id IN (SELECT t.command_id FROM rollout_target t WHERE t.rollout_id = :batch AND t.command_id IS NOT NULL))
         ORDER BY seq DESC
         LIMIT :limit
        """.formatted(WHOLE);

    private static final String ATTEMPTS = """
        SELECT * FROM command_attempt WHERE command_id = ANY (:ids) ORDER BY command_id, attempt
        """;

    /** Rows of output are at most 256 KiB, so none that begins earlier reaches into the tail. */
    private static final String TAILS = """
        SELECT o.command_id, o.stream, string_agg(o.bytes, ''::bytea ORDER BY o.start) AS bytes
          FROM command c
          JOIN command_output o
            ON o.command_id = c.id
           AND o.start >= CASE o.stream WHEN 'stdout' THEN c.stdout_end ELSE c.stderr_end END - 266240
           AND o.start + length(o.bytes) > CASE o.stream WHEN 'stdout' THEN c.stdout_end ELSE c.stderr_end END - 4096
         WHERE c.id = ANY (:ids)
         GROUP BY o.command_id, o.stream
        """;

    private static final String OF_KEY = """
        SELECT command_id, request_sha256 FROM command_key WHERE caller = :caller AND key = :key AND created_at >= :since
        """;

    private record Tail(CommandId id, String stream, String text) {}

    private record Read(long seq, CommandView view, CommandRow row) {}

    private final JdbcClient db;
    private final AgentPresence presence;

    CommandQueries(JdbcClient db, AgentPresence presence) {
        this.db = db;
        this.presence = presence;
    }

    /** One that has ended without an answer is that token's from now on: whatever becomes of it is asked by its right. */
    void handOver(CommandId id, UUID tokenId) {
        Reading.of(() -> db.sql(HAND_OVER)
                .param("id", id.value())
                .param("token", tokenId)
                .update());
    }

    Optional<CommandView> find(CommandId id) {
        return Reading.of(() -> complete(db.sql(FIND)
                        .param("ids", ids(List.of(id)))
                        .query(this::read)
                        .list())
                .stream()
                .findFirst());
    }

    /** What was made with that key since then. */
    Optional<KeyTable.Known> ofKey(IdempotencyKey key, Instant since) {
        return Reading.of(() -> db.sql(OF_KEY)
                .param("caller", key.caller())
                .param("key", key.key())
                .param("since", since.atOffset(ZoneOffset.UTC))
                .query((row, _) -> new KeyTable.Known(
                        new CommandId(row.getObject("command_id", UUID.class)), row.getString("request_sha256")))
                .optional());
    }

    CommandPage list(CommandFilter filter, @Nullable Long after, int limit) {
        return Reading.of(() -> {
            List<Read> rows = db.sql(LIST)
                    .param("after", after == null ? Long.MAX_VALUE : after)
                    .param("anySite", filter.sites() == null)
                    .param("sites", SiteArrays.of(filter.sites()))
                    .param(
                            "agent",
                            filter.agentId() == null ? null : filter.agentId().value())
                    .param(
                            "state",
                            filter.state() == null ? null : filter.state().wireName())
                    .param("since", utc(filter.since()))
                    .param("until", utc(filter.until()))
                    .param("text", filter.text())
                    .param("batch", filter.batch())
                    .param("limit", limit + 1)
                    .query(this::read)
                    .list();
            boolean more = rows.size() > limit;
            List<Read> page = more ? rows.subList(0, limit) : rows;
            return new CommandPage(complete(page), more ? page.getLast().seq() : null);
        });
    }

    List<AttemptView> attempts(CommandId id) {
        return attempts(List.of(id)).getOrDefault(id, List.of());
    }

    private Map<CommandId, List<AttemptView>> attempts(Collection<CommandId> of) {
        return db.sql(ATTEMPTS).param("ids", ids(of)).query(AttemptReader::read).list().stream()
                .collect(Collectors.groupingBy(
                        AttemptReader.Of::commandId,
                        Collectors.mapping(AttemptReader.Of::attempt, Collectors.toList())));
    }

    private List<CommandView> complete(List<Read> rows) {
        List<CommandId> offered = rows.stream()
                .filter(r -> r.row().facts().offers() > 0)
                .map(r -> r.view().id())
                .toList();
        List<CommandId> printed = rows.stream()
                .filter(r -> !r.view().secret())
                .filter(r ->
                        r.row().output().stdoutEnd() > 0 || r.row().output().stderrEnd() > 0)
                .map(r -> r.view().id())
                .toList();
        Map<CommandId, List<AttemptView>> attempts = offered.isEmpty() ? Map.of() : attempts(offered);
        Map<CommandId, Map<String, String>> tails = printed.isEmpty() ? Map.of() : tails(printed);
        List<CommandView> views = new ArrayList<>(rows.size());
        for (Read one : rows) {
            CommandId id = one.view().id();
            Map<String, String> tail = tails.getOrDefault(id, Map.of());
            views.add(one.view()
                    .with(
                            attempts.getOrDefault(id, List.of()),
                            tail.getOrDefault("stdout", ""),
                            tail.getOrDefault("stderr", "")));
        }
        return views;
    }

    private Map<CommandId, Map<String, String>> tails(Collection<CommandId> of) {
        return db
                .sql(TAILS)
                .param("ids", ids(of))
                .query((rs, _) -> new Tail(
                        new CommandId(RowReader.uuid(rs, "command_id")),
                        rs.getString("stream"),
                        Utf8.tail(rs.getBytes("bytes"), TAIL_BYTES)))
                .list()
                .stream()
                .collect(Collectors.groupingBy(Tail::id, Collectors.toMap(Tail::stream, Tail::text)));
    }

    private Read read(ResultSet rs, int index) throws SQLException {
        CommandRow row = RowReader.row(rs);
        NewCommand what = new NewCommand(
                row.facts().agentId(),
                new SiteId(RowReader.uuid(rs, "site_id")),
                rs.getString("interpreter"),
                rs.getString("script"),
                CommandBody.strings(rs.getString("args")),
                CommandBody.stringMap(rs.getString("env")),
                rs.getString("cwd"),
                row.facts().timeout(),
                row.facts().timeToLive(),
                row.maxOutputBytes(),
                row.facts().effect(),
                rs.getBoolean("secret"),
                rs.getString("created_by"),
                rs.getString("note"),
                null);
        CommandBody body = new CommandBody(row.facts().id(), RowReader.instant(rs, "created_at"), what);
        return new Read(rs.getLong("seq"), view(body, row), row);
    }

    /** Without attempts and output. */
    CommandView view(CommandBody body, CommandRow row) {
        CommandFacts f = row.facts();
        NewCommand what = body.what();
        return new CommandView(
                f.id(),
                f.agentId(),
                what.siteId(),
                f.state(),
                f.stateSince(),
                f.certainty(),
                WaitingFor.sentence(f, presence.of(f.agentId()), presence.paused(f.agentId()), presence.now()),
                f.effect(),
                what.secret(),
                f.cancelRequestedAt(),
                f.cancelReason(),
                what.interpreter(),
                what.secret() ? HIDDEN : what.script(),
                what.secret() ? what.args().stream().map(_ -> HIDDEN).toList() : what.args(),
                what.secret() ? hidden(what.env()) : what.env(),
                what.cwd(),
                (int) f.timeout().toSeconds(),
                row.maxOutputBytes(),
                body.createdAt(),
                what.createdBy(),
                what.note(),
                f.expiresAt(),
                f.attemptsUsed(),
                f.maxAttempts(),
                f.nextOfferAt(),
                f.ackedAt(),
                f.startedAt(),
                f.endedAt(),
                result(row),
                "",
                "",
                row.output().cut() || (row.result() != null && row.result().truncated()),
                f.late(),
                List.of());
    }

    /** Names of variables are no secret. */
    private static Map<String, String> hidden(Map<String, String> env) {
        return env.keySet().stream().collect(Collectors.toMap(name -> name, _ -> HIDDEN));
    }

    private static @Nullable Result result(CommandRow row) {
        CommandFacts f = row.facts();
        CommandResult r = row.result();
        if (r != null) {
            return new Result(
                    Reports.nameOf(r.outcome()),
                    r.exitCode(),
                    r.signal(),
                    r.stdoutBytes(),
                    r.stderrBytes(),
                    r.startedAt(),
                    r.durationMs(),
                    r.message());
        }
        return f.outcome() == null
                ? null
                : new Result(Reports.nameOf(f.outcome()), f.exitCode(), null, null, null, null, null, null);
    }

    private static UUID[] ids(Collection<CommandId> ids) {
        return ids.stream().map(CommandId::value).toArray(UUID[]::new);
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant at) {
        return at == null ? null : at.atOffset(ZoneOffset.UTC);
    }
}
